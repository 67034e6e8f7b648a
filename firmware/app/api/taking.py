# What has come so far of a backup: site.json, and the chargers in a file of their own; each is
# checked and staged as it comes.

from app.api import site as parts
from settings.files import STAGED, write_file
from settings.schema import SettingsError, check_charger, check_site
from settings.strict import loads

_CHARGERS = 64


class Taking:
    """site: checked, with its defaults, and staged in the data directory; count: of chargers,
    which go into `file`."""

    def __init__(self, data_dir: str, file):
        self.site = {}
        self.count = 0
        self._data_dir = data_dir
        self._file = file
        self._seen = bytearray(_CHARGERS + 1)

    def found(self, name: str, raw: bytes) -> None:
        """An object of the backup, in one line; SettingsError, OSError."""
        if name == "site":
            self.site = check_site(_parsed("site.json", raw))
            write_file(self._data_dir + "/site.json" + STAGED, (raw, b"\n"))
            return
        self.count += 1
        where = "charger {}".format(self.count)
        if self.count > _CHARGERS:
            raise SettingsError("{}: is one more than {}".format(where, _CHARGERS))
        charger = check_charger(_parsed(where, raw), where)
        if self._seen[charger["id"]]:
            text = "{}: id: {} is used by one before"
            raise SettingsError(text.format(where, charger["id"]))
        self._seen[charger["id"]] = 1
        try:
            parts.driver(charger)
        except ValueError as error:
            raise SettingsError(where + ": " + str(error).partition(": ")[2])
        self._file.write(raw + b"\n")


def _parsed(where, raw):
    try:
        return loads(raw.decode())
    except ValueError as error:
        raise SettingsError("{}: is not JSON in UTF-8: {}".format(where, error))
