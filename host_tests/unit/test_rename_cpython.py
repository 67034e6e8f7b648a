"""Public names share short ones, and the code means the same."""

import pytest
from amprail_tools.build import NAMES, build
from amprail_tools.launch import micropython_command
from amprail_tools.rename import looked_up, renamed, short_names

HOME = '''
import sys
from binascii import hexlify


def helper_of_ours(amount_ma):
    return amount_ma + 1


class Base_of_ours:
    def __init__(self):
        self.first_ma = 1

    def second_ma(self):
        return self.first_ma + helper_of_ours(self.first_ma)


class Kin_of_ours(Base_of_ours):
    third_ma = 5

    def fourth_ma(self, helper_of_ours=3):
        """A docstring with third_ma in it keeps nothing."""
        first_ma = helper_of_ours
        return first_ma + self.third_ma + self.second_ma() + len(hexlify(b"x"))


def looked_up_ma():
    return 7


RESULT = Kin_of_ours().fourth_ma() + getattr(sys.modules[__name__], "looked_up_ma")()
'''
USER = "from home import Kin_of_ours, helper_of_ours\nRESULT = Kin_of_ours().third_ma\n"


@pytest.fixture(scope="module")
def short():
    sources = {"home": HOME, "user": USER}
    return short_names(sources, {"Base_of_ours"} | looked_up(sources), micropython_command())


def result_of(source):
    space = {"__name__": "sys"}
    exec(source, space)
    return space


def test_what_a_class_or_a_module_has_keeps_apart(short):
    family = ("first_ma", "second_ma", "third_ma", "fourth_ma")
    assert len({short[name] for name in family}) == 4
    assert short["helper_of_ours"] != short["Kin_of_ours"]


def test_attributes_that_never_meet_are_the_same_one():
    classes = "class One_of_two:\n    one_ma = 1\n\n\nclass Other_of_two:\n    other_ma = 1\n"
    short = short_names({"home": classes}, set(), micropython_command())
    assert short["one_ma"] == short["other_ma"]
    with pytest.raises(ValueError, match="share a short name"):
        renamed("class Both:\n    one_ma = 1\n    other_ma = 2\n", short)


def test_what_may_be_looked_up_or_comes_from_elsewhere_stays(short):
    for name in ("looked_up_ma", "hexlify", "sys", "Base_of_ours", "home", "amount_ma"):
        assert name not in short
    assert "third_ma" in short  # though a docstring says it


def test_a_text_that_is_a_name_keeps_it_and_one_that_has_it_only_where_names_are_looked_up():
    texts = "# never\nA = 'whole'\nB = b'part of it'\n\n\ndef f(x):\n    'comment'\n"
    assert looked_up({"home": texts}) == {"whole"}
    texts += "    return getattr(x, A)\n"
    assert looked_up({"home": texts}) == {"whole", "part", "of", "it"}


def test_the_code_means_the_same(short):
    source = HOME.replace("RESULT = ", "RESULT = 0 * ")
    source = source[: source.index("RESULT")]
    space = result_of(renamed(source, short))
    kin = space[short["Kin_of_ours"]]()
    assert getattr(kin, short["fourth_ma"])() == 3 + 5 + 1 + 2 + 2


def test_an_import_from_code_of_ours_is_renamed_too(short):
    text = renamed(USER, short)
    assert f"import {short['Kin_of_ours']}, {short['helper_of_ours']}" in text
    assert text.endswith(f".{short['third_ma']}\n")


def test_most_names_of_the_firmware_are_short_ones():
    lines = (build() / NAMES).read_text().splitlines()
    assert len(lines) > 400 and len({line.split()[0] for line in lines}) < len(lines) // 2
