# Finds chargers by what they answer to harmless GETs of paths that read. Loaded for a search and
# let go again. WARP comes first, since it runs commands on GET: one that says that it is a WARP is
# asked nothing else.

import asyncio

from chargers.fields import raw, squeeze
from micropython import const
from net.http_client import Client, HttpError

# An address where nobody listens says nothing at all; chargers on a network answer within this.
_DEADLINE_MS = const(1500)

# What nobody looks at is taken out of a longer reply.
_REPLY_SIZE = const(1024)

# (path, driver, what its answer has, where a name is)
_PROBES = (
    ("/info/name", "warp", "uid", "name"),
    ("/api/status?filter=fna,car", "goe", "car", "fna"),
    ("/status", "openevse", "pilot", ""),
    ("/settings", "smartevse", "evse.state_id", ""),
    ("/info", "nrgkick", "general.serial_number", "general.device_name"),
    ("/connect.php", "openwb_pro", "plug_state", "serial"),
    ("/api/wlac/v1/health", "peblar", "AccessMode", ""),
    ("/rpc/charger_info.get", "lektrico", "charger_state", ""),
    ("/getParameters", "generic", "list.0.vehicleState", ""),
    ("/RealTimeData", "generic", "ChargeState", "ID"),
)

# What a charger that wants a password asks for it with.
_REALMS = ((b"esp32-lib", "warp"), (b"openevse", "openevse"), (b"nrgkick", "nrgkick"))


class Found:
    """A charger: its address, `driver`, `name` (may be ""), the `path` that told, and whether it
    is `locked`: it wants a password or token, and may be another one if `driver` is ""."""

    def __init__(self, host: str, port: int, driver: str, name: str, path: str, locked: bool):
        self.host = host
        self.port = port
        self.driver = driver
        self.name = name
        self.path = path
        self.locked = locked


async def identify(client, host: str, port: int = 80):
    """Asks one address; the Found, or None where no charger that is known answers."""
    locked = None
    for path, driver, key, name in _PROBES:
        try:
            keep = (key.partition(".")[0], name.partition(".")[0])
            status = await client.request(host, port, "GET", path, None, b"", _DEADLINE_MS, keep)
        except HttpError as error:
            if error.kind in ("bad_reply", "too_long"):
                continue  # somebody is there
            break
        if status == 401:
            locked = locked or Found(host, port, _locked(client.challenge, path), "", path, True)
            if locked.driver:
                break
        elif status in (200, 400) and raw(client.body, key):
            text = raw(client.body, name).strip(b'"') if name else b""
            shown = "".join([chr(byte) for byte in text[:32] if 32 <= byte < 127])
            return Found(host, port, driver, shown, path, False)
    return locked


def _locked(challenge, path):
    for realm, driver in _REALMS:
        if realm in challenge.lower():
            return driver
    return "peblar" if path.startswith("/api/wlac") else ""


async def search(hosts, port: int, found, progress, at_once: int = 4) -> None:
    """Asks all `hosts`, `at_once` at a time. Calls `found(Found)` and `progress(done)`, done being
    how many of them were asked. Cancel it to end it."""
    waiting = iter(hosts)
    done = 0

    async def look():
        nonlocal done
        client = Client(_REPLY_SIZE, squeeze)
        for host in waiting:
            one = await identify(client, host, port)
            done += 1
            if one:
                found(one)
            progress(done)

    tasks = [asyncio.create_task(look()) for _ in range(at_once)]
    try:
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()
