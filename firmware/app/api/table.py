# The routes that are asked for rarely, in a table like that of `web`, and what is said of an error
# in one. It has gone when what answers comes.

from app.api.routes import refused

# Method, path (* is one part of it, given to the function), mark, the KB that have to be free for
# what is loaded and read, and for holes, module, function: in one string, since as tuples they
# would take 4 KB.
ROUTES = """\
GET /api/settings U 18 shown settings
GET /api/backup U 12 shown backup
PUT /api/backup C 26 restore restore
PUT /api/site U 16 put_site put
PUT /api/chargers/* U 16 put_charger put
DELETE /api/chargers/* C 14 delete delete
POST /api/chargers/*/pause U 5 touch pause
POST /api/chargers/*/priority U 10 touch priority
GET /api/history U 5 past history
POST /api/find/* U 5 find begin
GET /api/find U 4 find shown
DELETE /api/find U 4 find end
GET /api/log U 4 past lines
GET /api/report U 13 past report
"""


def found(exchange):
    """(mark, KB that have to be free, module, function, the parts of the path for the stars), or
    b", GET, PUT", the methods that the path knows."""
    method = exchange.method.decode()
    path = exchange.path.decode()
    allow = b""
    for line in ROUTES.split("\n")[:-1]:
        known, pattern, mark, room, module, name = line.split()
        parts = _parts(pattern, path)
        if parts is not None:
            if known == method:
                return mark, int(room), module, name, parts
            allow += b", " + known.encode()
    return allow


# What stands for the stars of a pattern; None where the path is another one.
def _parts(pattern, path):
    wanted = pattern.split("/")
    given = path.split("/")
    if len(wanted) != len(given):
        return None
    parts = []
    for want, got in zip(wanted, given):
        if want == "*" and got:
            parts.append(got)
        elif want != got:
            return None
    return parts


# What the file system says when it could not write.
_DISK = {
    5: "the flash fails",
    28: "the flash is full",
    27: "the file is too large",
    30: "read-only",
}


def said(error, begun: bool):
    """What is to be raised for a ValueError or OSError of what answers; `begun`: it has."""
    text = str(error)
    if isinstance(error, OSError):
        if not begun and isinstance(error.args[0], int) and error.errno in _DISK:
            error = refused(507, "not_saved", {"text": _DISK[error.errno]})
    elif type(error).__name__ == "SettingsError" or text[:16] == "chargers.jsonl: ":
        error = refused(400, "setting", _wrong(text))  # SettingsError is not loaded
    return error


# "site.json: meter.baud: 5 is not one of ..." in its parts.
def _wrong(text):
    where, _, rest = text.partition(": ")
    key, colon, words = rest.partition(": ")
    if not colon:
        key, words = "", rest
    return {"where": where, "key": key, "text": words or where}
