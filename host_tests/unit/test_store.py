# The settings' files as people, tools and accidents leave them.

import json
import os

from both import a_folder, raises
from settings import strict
from settings.schema import SettingsError, check_charger, check_site
from settings.store import count_chargers, read_chargers, read_site
from settings.writer import write_chargers, write_site

LEAST = {"limit_ma": 63000, "supply_ma": 50000}
CHARGER = {"id": 1, "driver": "warp", "url": "http://192.168.1.21"}


# Gives a test a folder of its own, and removes it.
def in_folder(test):
    def in_a_folder():
        folder = a_folder()
        try:
            test(folder)
        finally:
            for name in os.listdir(folder):
                os.remove(folder + "/" + name)
            os.rmdir(folder)

    return in_a_folder


@in_folder
def test_settings_survive_being_written_and_read(folder):
    site = {"limit_ma": 63000, "supply_ma": 50000, "name": 'Bü"ro €😀', "own": {"x": [1, None]}}
    write_site(folder, site)
    assert read_site(folder) == check_site(site)
    chargers = [dict(CHARGER, id=number) for number in range(1, 65)]
    write_chargers(folder, chargers)
    number = 0
    for line, charger, error in read_chargers(folder):
        number += 1
        assert (line, charger["id"], error) == (number, number, None)
    assert number == 64 and charger == check_charger(chargers[63])


@in_folder
def test_lines_are_counted_whatever_is_in_them_and_no_more_than_64(folder):
    assert count_chargers(folder) == 0
    for text, count in (("", 0), ("\n \n", 0), ("{}\n\nnonsense\n{", 3), ("x\n" * 5000, 64)):
        with open(folder + "/chargers.jsonl", "w") as file:
            file.write(text)
        assert count_chargers(folder) == count, text[:20]


@in_folder
def test_a_bad_write_leaves_the_old_settings(folder):
    write_site(folder, LEAST)
    write_chargers(folder, [CHARGER])
    for bad in ({"limit_ma": 5}, {}, dict(LEAST, x=float("nan")), None):
        raises(SettingsError, "site.json", write_site, folder, bad)
    for bad in (
        [CHARGER, CHARGER],
        [dict(CHARGER, id=2), {}],
        [dict(CHARGER, x="y" * 1100)],
        [dict(CHARGER, id=number) for number in range(1, 66)],
    ):
        raises(SettingsError, "chargers.jsonl line", write_chargers, folder, bad)
    assert read_site(folder) == check_site(LEAST)
    assert [charger for _, charger, _ in read_chargers(folder)] == [check_charger(CHARGER)]
    assert sorted(os.listdir(folder)) == ["chargers.jsonl", "site.json"]


@in_folder
def test_a_site_that_cannot_be_read_says_why(folder):
    raises(SettingsError, "site.json: cannot be read: ENOENT", read_site, folder)
    for raw, words in (
        (b"", "is not JSON: column 1"),
        (b"\xff\xfe{", "is not UTF-8"),
        (b"[1]", "is not an object"),
        (b'{"limit_ma":63000,"limit_ma":99000}', "a second time"),
        (b"\x00" * 100, "is not JSON"),
    ):
        _put(folder, "site.json", raw)
        raises(SettingsError, words, read_site, folder)
    with open(folder + "/site.json", "wb") as file:
        for _ in range(8193):
            file.write(b" ")
    raises(SettingsError, "longer than 8192 bytes", read_site, folder)


@in_folder
def test_a_bad_line_is_one_bad_charger(folder):
    good = json.dumps(CHARGER).encode()
    lines = [good, b"", b"{", b"\xff", b"[]", good, b'{"id":2}', b"x" * 1025, b"null"]
    lines += [b'{"id":3,"driver":"warp","url":"http://1.2.3.4"}']
    _put(folder, "chargers.jsonl", b"\r\n".join(lines))
    read = list(read_chargers(folder))
    assert [number for number, _, _ in read] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [number for number, charger, _ in read if charger] == [1, 10]
    words = (
        "is not JSON",
        "UTF-8",
        "not an object",
        "id: 1 is used",
        "missing",
        "longer",
        "not an",
    )
    for (number, charger, error), word in zip(read[1:8], words):
        assert charger is None and word in error, error
        assert error.startswith("chargers.jsonl line {}: ".format(number))


@in_folder
def test_a_65th_charger_is_an_error_and_ends_the_list(folder):
    with open(folder + "/chargers.jsonl", "wb") as file:
        for number in range(200):
            file.write(b'{"id":%d,"driver":"warp","url":"http://1.2.3.4"}\n' % (number + 1))
    read = 0
    for number, charger, error in read_chargers(folder):
        read += 1
        assert (charger is None) == (number == 65)
    assert read == 65 and "more than 64 chargers" in error


@in_folder
def test_a_line_without_an_end_costs_no_memory_and_is_one_error(folder):
    with open(folder + "/chargers.jsonl", "wb") as file:
        file.write(b'{"id":1,"driver":"warp","url":"http://1.2.3.4"}\n')
        for _ in range(150):
            file.write(b"[" * 1000)
    read = list(read_chargers(folder))
    assert read[0][1] and "longer than 1024 bytes" in read[1][2]
    assert len(read) <= 3


@in_folder
def test_a_file_of_empty_lines_ends_early_with_one_error(folder):
    _put(folder, "chargers.jsonl", json.dumps(CHARGER).encode() + b"\n" * 5000)
    assert count_chargers(folder) == 2
    good, bad = read_chargers(folder)
    assert good[1] and bad[:2] == (512, None)
    assert bad[2] == "chargers.jsonl line 512: fewer than 512 lines and 131072 bytes expected"
    _put(folder, "chargers.jsonl", json.dumps(CHARGER).encode() + b"\n" * 511)
    assert len(list(read_chargers(folder))) == 1


@in_folder
def test_a_line_that_takes_more_memory_than_there_is_is_one_bad_charger(folder):
    line = b'{"id":1,"driver":"warp","url":"http://1.2.3.4","x":["' + b"y" * 900 + b'"]}'
    _put(folder, "chargers.jsonl", line + b"\n" + json.dumps(dict(CHARGER, id=2)).encode())
    loads, left = strict.loads, [MemoryError("memory allocation failed")]

    def tight(text):
        if left:
            raise left.pop()
        return loads(text)

    strict.loads = tight
    try:
        bad, good = read_chargers(folder)
    finally:
        strict.loads = loads
    assert bad == (1, None, "chargers.jsonl line 1: memory allocation failed") and good[1]


@in_folder
def test_without_a_list_there_are_no_chargers(folder):
    assert list(read_chargers(folder)) == []
    _put(folder, "chargers.jsonl", b"\n\n  \n")
    assert list(read_chargers(folder)) == []


def _put(folder, name, raw):
    with open(folder + "/" + name, "wb") as file:
        file.write(raw)
