# A web server beside a Wi-Fi, as a board has it.

import asyncio

from app.web import Web
from clock import sleep_ms
from guarded import cancelled
from net.access import Access
from peer import a_port

TOKEN = b"0123456789abcdef"


async def beside(wifi, talk, key=None):
    """What `talk(port, web)` returns, with a web server at work that knows the Wi-Fi; `key`: the
    owner's, if there is one."""
    taken = [2]
    while taken:
        taken.clear()
        port = a_port()
        access = Access("0.0.0.0", port)
        access.names = (b"my-house", b"0.0.0.0")
        access.own = (b"amprail-3f2a", b"amprail-3f2a.local")
        access.token = TOKEN
        access.key = key
        folders = ("/nowhere", wifi and wifi.data_dir)
        web = Web(None, access, folders, ("127.0.0.1", port), taken.append, None, wifi)
        task = asyncio.create_task(web.run())
        await sleep_ms(20)
    try:
        return await talk(port, web)
    finally:
        await cancelled(task)
