# Addresses of chargers. Apart from `schema`, which is larger than this and not needed with it.


def split_url(url: str) -> tuple:
    """`http://A.B.C.D[:port]` as (host, port); ValueError. Names are refused: looking one up
    blocks MicroPython for seconds."""
    if not isinstance(url, str) or url[:7] != "http://" or len(url) > 28:
        raise ValueError("not http://A.B.C.D[:port]")
    host, colon, port = url[7:].partition(":")
    parts = host.split(".")
    if len(parts) != 4:
        raise ValueError("not an IPv4 address")
    for part in parts:
        _decimal(part, 0, 255)
    return host, _decimal(port, 1, 65535) if colon else 80


def _decimal(digits: str, low: int, high: int) -> int:
    if not 1 <= len(digits) <= 5 or (digits[0] == "0" and digits != "0"):
        raise ValueError("not a decimal number")
    for char in digits:
        if not "0" <= char <= "9":
            raise ValueError("not a decimal number")
    if not low <= int(digits) <= high:
        raise ValueError("not in {}..{}".format(low, high))
    return int(digits)
