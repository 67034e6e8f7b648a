"""Whatever the Wi-Fi says as a code has words in every language."""

from amprail_tools import ROOT
from amprail_tools.page import read_words
from app.wifi_api import PROBLEMS, STATES


def test_every_state_and_problem_has_words():
    codes = {*STATES, *PROBLEMS.values(), "refused", "weak"}
    for language, words in read_words(ROOT / "firmware" / "page" / "words").items():
        assert set(words["wifi"]) == codes | {"own", "scan"}, language
