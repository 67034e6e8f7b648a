# Takes a charger out of the settings while the site runs.

from app.api import placed
from app.api import site as parts
from app.api.lines import replace_line
from app.api.routes import an_id, answer, index_of, refused


async def delete(exchange, web, text: str) -> None:
    """Removes a charger, or the bad line with a number: /api/chargers/line7. One at which a car
    charges stays ours until that is over."""
    snapshot = web.snapshot
    async with web.lock:
        index, number = -1, 0
        if text[:4] == "line" and text[4:].isdigit() and len(text) < 10:
            id_, number = 0, int(text[4:])  # which is no charger's
            index = placed.row_of_line(snapshot.chargers, number)
        else:
            id_ = an_id(text)
            index = index_of(snapshot.chargers, id_)
        if index < 0:
            raise refused(404, "no_charger", {"id": text[:20]})
        await parts.calm(snapshot.cycle)
        await replace_line(snapshot.path, id_, number or -1, b"")
        placed.forget_bad(snapshot, number)
        stays = await placed.remove(snapshot, index)
        parts.refresh(snapshot)
    await answer(exchange, 200, {"leaving": stays})
