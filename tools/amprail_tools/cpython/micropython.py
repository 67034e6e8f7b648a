"""`import micropython` on CPython, where the parts of `lib/` that decide are tested too."""


def const(value):
    return value


def native(function):
    return function


viper = native


def heap_lock() -> None:
    pass


def heap_unlock() -> int:
    return 0


def mem_info(verbose=None) -> None:
    pass
