# Takes a backup apart while it comes in: {"site":{...},"chargers":[{...},...]}. Only one of its
# objects is in memory at a time.

from micropython import const
from settings.schema import SettingsError
from settings.store import LINE_SIZE, SITE_SIZE

_SPACE = b" \t\r\n"
_QUOTE = const(34)
_ESCAPE = const(92)
_FRAME = const(256)
_DEPTH = const(8)


class Pieces:
    """`feed` it; it calls `found(name, raw)` with each object, `name` being "site" or "chargers".
    SettingsError for what is no backup, and what `found` raises."""

    def __init__(self, found):
        self._found = found
        self._frame = bytearray()  # all but the objects and the spaces
        self._piece = None
        self._open = bytearray()  # the brackets that are open
        self._text = self._escaped = False
        self._sites = self._chargers = 0

    def feed(self, data) -> None:
        """More of the file, best not more than a few hundred bytes at once."""
        for byte in data:
            if self._piece is None and self._begins(byte):
                self._frame.append(48)  # 0
                self._piece = bytearray()
            self._track(byte)
            if self._piece is not None:
                self._keep(self._piece, byte)
            elif self._text or byte not in _SPACE:
                self._frame.append(byte)
                if len(self._frame) > _FRAME:
                    raise SettingsError("backup: is not a site and up to 64 chargers")

    def end(self) -> None:
        """There is no more."""
        frame = bytes(self._frame)
        wanted = b'{"site":0,"chargers":[%s]}' % b",".join([b"0"] * self._chargers)
        if frame != wanted or self._sites != 1:
            text = 'backup: is not whole, expected {"site":{},"chargers":[{},...]} and no more'
            raise SettingsError(text)

    def _begins(self, byte):
        return byte == 123 and not self._text and self._open in (b"{", b"{[")

    def _track(self, byte):
        if self._text:
            if self._escaped:
                self._escaped = False
            elif byte == _ESCAPE:
                self._escaped = True
            elif byte == _QUOTE:
                self._text = False
        elif byte == _QUOTE:
            self._text = True
        elif byte in b"{[":
            self._open.append(byte)
            if len(self._open) > _DEPTH:
                raise SettingsError("backup: is more than {} levels deep".format(_DEPTH))
        elif byte in b"}]":
            self._open = self._open[:-1]

    # An object becomes one line.
    def _keep(self, piece, byte):
        if not self._text and byte in _SPACE:
            return
        piece.append(byte)
        listed = b"[" in self._open[1:2]
        most = LINE_SIZE if listed else SITE_SIZE
        if len(piece) > most:
            raise SettingsError("backup: has an object of more than {} bytes".format(most))
        if len(self._open) == 1 + listed:
            self._piece = None
            self._chargers += listed
            self._sites += not listed
            self._found("chargers" if listed else "site", bytes(piece))
