# A charger described by data in chargers.jsonl: anything with an HTTP API that sets a current and
# says one. The README has the keys and two examples; `settings/schema.py` checks them.

from chargers.fields import number, ok, phases, raw, wrong


class _Generic:
    AUTH = "basic"
    REPEAT_MS = ARM_STEPS = 0
    DEADLINE_MS = 5000
    SETTLES_MS = 1000

    def __init__(self, about):
        self._about = about
        self.STEP_MA = about["step_ma"]
        self.WRITE_EVERY_MS = 1000 * about["write_every_s"]
        places = [about["state"], about["allowed"], about["paused"]]
        places.extend(about["currents"] or ())
        self.KEEP = tuple({place.split(".")[0] for place in places})

    def write(self, ma: int, notes, step: int) -> tuple | None:
        requests = self._about["set"] if ma or not self._about["pause"] else self._about["pause"]
        if step == len(requests):
            return None
        method, path, body = requests[step]
        return method, _filled(path, ma), None if body is None else _filled(body, ma).encode()

    def confirm(self, notes) -> tuple:
        return "GET", self._about["status"], None

    poll = confirm

    def read(self, request: tuple, status: int, body, answer, notes) -> None:
        about = self._about
        ok(request, status)
        if request[1] != about["status"]:
            if not bytes(body).startswith(about["success"].encode()):
                raise wrong("answer of " + request[1], bytes(body[:40]), about["success"])
            return
        said = raw(body, about["state"])
        if not said:
            raise wrong(about["state"], said, "one of the states")
        answer.state = "ABCDEF".find(about["states"].get(said.strip(b'"').decode(), "F"))
        if about["paused"] and raw(body, about["paused"]) in (b"1", b"true"):
            answer.allowed_ma = 0
            answer.state = min(answer.state, 1) if answer.state < 4 else answer.state
        else:
            per_a = about["allowed_per_a"]
            allowed = number(body, about["allowed"], 0, 100 * per_a)
            answer.allowed_ma = allowed * 1000 // per_a
        if about["currents"]:
            phases(body, about["currents"], 1000 // about["currents_per_a"], answer)


def _filled(text, ma):
    for name, value in (
        ("{ma}", ma),
        ("{a100}", ma // 10),
        ("{a10}", ma // 100),
        ("{a}", ma // 1000),
    ):
        text = text.replace(name, "%d" % value)
    return text


def driver(charger: dict):
    """The driver for a checked line of chargers.jsonl; ValueError without its description."""
    if "generic" not in charger:
        raise ValueError("chargers.jsonl: generic: is missing and has no default")
    return _Generic(charger["generic"])
