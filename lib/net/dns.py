# The answers of a captive portal's name server: whatever is asked for has our address, so that
# the browser of whoever joins ends up at the page (RFC 1035; RFC 8910 says why one does that). A
# packet is anything that somebody may send: what is no question gets no answer.

from micropython import const

LONGEST = const(512)

_HEAD = const(12)
_A = const(1)
_INTERNET = const(1)
_ANY = const(255)
_FORMAT_ERROR = const(1)
_NOT_IMPLEMENTED = const(4)
_REFUSED = const(5)

# What points at the question's name, is an A of the Internet, holds for 0 s since it is a lie
# outside of here, and has 4 bytes.
_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4"


def answer(query: bytes, address: bytes) -> bytes | None:
    """The reply to `query`, in which every name has `address` (4 bytes); None: say nothing."""
    if not _HEAD <= len(query) <= LONGEST or query[2] & 0x80:
        return None
    if query[2] & 0x78:
        return _reply(query, _HEAD, _NOT_IMPLEMENTED)
    end = _question_end(query) if query[4:6] == b"\0\1" else 0
    if not end:
        return _reply(query, _HEAD, _FORMAT_ERROR)
    kind = query[end - 4] << 8 | query[end - 3]
    if query[end - 2] or query[end - 1] not in (_INTERNET, _ANY):
        return _reply(query, end, _REFUSED)
    if kind not in (_A, _ANY):
        return _reply(query, end, 0)
    return _reply(query, end, 0, _RECORD + address)


# The end of the only question: labels of up to 63 bytes, of 255 in all, type and class. A name
# that points elsewhere is none in a question. 0: there is none.
def _question_end(query):
    at = _HEAD
    while at < len(query) and query[at]:
        if query[at] > 63:
            return 0
        at += query[at] + 1
    end = at + 5
    return end if end <= len(query) and at - _HEAD < 255 else 0


# Authoritative, recursion as asked for and not to be had; the question as it came.
def _reply(query, end, error, record=b""):
    asked = 1 if end > _HEAD else 0
    flags = bytes((0x84 | query[2] & 1, error, 0, asked, 0, 1 if record else 0, 0, 0, 0, 0))
    return query[:2] + flags + query[_HEAD:end] + record
