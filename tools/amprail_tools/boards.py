"""The boards that there is a file for in boards/, and what the tools know of them."""

import tomllib
from dataclasses import dataclass

from amprail_tools import ROOT

TABLE = ROOT / "boards" / "boards.toml"


@dataclass(frozen=True)
class Board:
    """As boards/boards.toml says."""

    name: str
    title: str
    chip: str
    flash_mb: int
    micropython: str
    led: int | None = None

    @property
    def flash_bytes(self) -> int:
        return self.flash_mb << 20


def names() -> list[str]:
    return list(_table())


def board(name: str) -> Board:
    """The board; KeyError if there is none of that name."""
    return Board(name, **_table()[name])


def _table() -> dict:
    return tomllib.loads(TABLE.read_text())
