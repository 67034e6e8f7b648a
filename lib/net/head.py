# What client and server both have to know of the head of an HTTP/1 message (RFC 9112).


def field(head: bytes, name: bytes) -> bytes:
    """The value of a field, as b"\\r\\ncontent-length:", of a head in lower case; b"" without it.

    ValueError where it is there twice: two readers of such a message may not agree on its end.
    """
    at = head.find(name)
    if at < 0:
        return b""
    at += len(name)
    if head.find(name, at) >= 0:
        raise ValueError("a field of the head twice")
    return head[at : head.find(b"\r\n", at)].strip()


def content_length(head: bytes) -> int:
    """The length of the body by a head in lower case, -1 without one; ValueError."""
    digits = field(head, b"\r\ncontent-length:")
    if not digits:
        if head.find(b"\r\ncontent-length:") >= 0:
            raise ValueError("a Content-Length without a number")
        return -1
    if not digits.isdigit() or len(digits) > 9:
        raise ValueError("a Content-Length that is not a number")
    return int(digits)
