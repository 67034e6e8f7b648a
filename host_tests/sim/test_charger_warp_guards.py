"""What guards a WARP charger: the automation's watchdog, and its login."""

import hashlib
import json

import pytest
from amprail_tools.sim.charger_warp import WarpCharger
from amprail_tools.sim.warp_automation import rule

CURRENT = "/evse/external_current"
DEFAULTS = '{"current":9000,"clear_on_disconnect":false}'


CHARGER = WarpCharger  # of the fixtures `make` and `bench`


def put(bench, body, path=CURRENT, method="PUT"):
    return bench.ask(method, path, body)[:2]


def test_a_rule_lowers_it_after_30_s_without_a_current_until_somebody_lifts_it(make):
    bench = make(watchdog_ma=6000)
    bench.charge()
    put(bench, "16000")
    bench.step(29)
    assert bench.charger.grid_ma == [16000] * 3
    bench.step(3)
    assert bench.charger.grid_ma == [6000] * 3
    assert bench.get("/evse/slots")[14]["max_current"] == 6000
    put(bench, "16000")
    bench.step(2)
    assert bench.get("/evse/state")["allowed_charging_current"] == 6000
    assert put(bench, "32000", "/evse/automation_current_update") == (200, b"")
    bench.step(2)
    assert bench.charger.grid_ma == [16000] * 3
    bench.step(30)
    assert bench.charger.grid_ma == [6000] * 3  # once more, as there was a write in between


def test_the_rule_fires_once_and_so_does_one_after_a_start_without_a_manager(make):
    bench = make(watchdog_ma=0)
    bench.step(31)
    assert bench.charger.offered_ma == 0
    put(bench, "32000", "/evse/automation_current")
    bench.step(60)
    assert bench.charger.offered_ma == 16000


def test_without_a_rule_the_last_current_stays(bench):
    put(bench, "8000")
    bench.step(100)
    assert bench.charger.offered_ma == 8000
    assert put(bench, "6000", "/evse/automation_current") == (200, b"")
    assert bench.charger.offered_ma == 8000  # the slot is not active


def test_the_rule_can_be_made_over_the_api_and_outlives_a_restart(bench):
    config = {"tasks": [rule(6000)]}
    assert bench.ask("PUT", "/automation/config_update", json.dumps(config))[0] == 200
    assert bench.get("/automation/config") == config
    put(bench, DEFAULTS, "/evse/external_defaults")
    assert bench.charger.flash_writes == 2
    bench.charger.reboot()
    assert bench.charger.offered_ma == 9000
    bench.step(31)
    assert bench.charger.offered_ma == 6000


@pytest.mark.parametrize(
    "tasks",
    [
        *("null", "[{}]", "[1]", "{}", '[{"trigger":[9,null],"action":[3,{"current":5000}]}]'),
        *('[{"trigger":[0,null],"action":[3,{"current":0}]}]', '[{"trigger":9,"action":3}]'),
    ],
)
def test_a_rule_that_is_none_is_refused_in_words(bench, tasks):
    status, text = put(bench, f'{{"tasks":{tasks}}}', "/automation/config")
    assert status == 400
    assert text
    assert bench.get("/automation/config") == {"tasks": []}


def test_a_password_is_asked_for_before_anything_happens(make):
    bench = make(user="me", password="test-only")
    status, _, headers = bench.ask("GET", "/reboot")
    assert status == 401
    asked = headers["WWW-Authenticate"]
    assert asked.startswith('Digest realm="esp32-lib", qop="auth", nonce="')
    assert bench.charger.reboots == 0
    assert put(bench, "6000")[0] == 401
    assert bench.charger.told_ma == 32000
    assert bench.charger.line(1)["user"] == "me"


# As in RFC 7616, 3.4.1, for MD5 and qop=auth.
def test_the_response_is_that_of_the_rfc_and_the_nonce_is_not_asked_about(make):
    bench = make(user="me", password="test-only")

    def answer(method, uri, password="test-only", nonce="anything"):
        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()

        secret, what = md5(f"me:esp32-lib:{password}"), md5(f"{method}:{uri}")
        response = md5(f"{secret}:{nonce}:00000001:abc:auth:{what}")
        told = (
            f'Digest username="me", realm="esp32-lib", nonce="{nonce}", uri="{uri}", '
            f'qop=auth, nc=00000001, cnonce="abc", response="{response}"'
        )
        return bench.ask(method, "/evse/state", headers={"Authorization": told})[0]

    assert answer("GET", "/evse/state") == 200
    assert answer("GET", "/evse/state") == 200  # the same numbers once more
    assert answer("GET", "/something/else") == 200  # nor is uri
    assert answer("GET", "/evse/state", "wrong") == 401
