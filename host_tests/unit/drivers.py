# What each driver asks and is told, for the tests of them all. Replies are shortened from the
# samples in host_tests/data (SOURCES.md there).

A, B, C, D, E, F = range(6)  # IEC 61851-1

GENERIC = {
    "set": [["GET", "/setCurrent?current={a100}", None]],
    "pause": None,
    "success": "S0_",
    "status": "/getParameters",
    "state": "list.0.vehicleState",
    "states": {"1": "A", "2": "B", "3": "C"},
    "allowed": "list.0.actualCurrentMA",
    "allowed_per_a": 100,
    "paused": "",
    "currents": ["list.0.currentP1", "list.0.currentP2", "list.0.currentP3"],
    "currents_per_a": 1,
    "step_ma": 100,
    "write_every_s": 5,
}

# name: (path of the state, its reply, (state, allowed_ma, phase_ma) that it says)
STATES = {
    "goe": (
        "/api/status?filter=car,amp,frc,err,nrg",
        b'{"car":2,"amp":16,"frc":0,"err":0,"nrg":[230,230,230,0,15.9,15.8,16.04,0,0,0,0,0,0,0,0,0]}',
        (C, 16000, [15900, 15800, 16040]),
    ),
    "openevse": (
        "/status",
        b'{"amp":15900,"pilot":16,"state":3,"status":"active","vehicle":1,"shaper":0}',
        (C, 16000, None),
    ),
    "smartevse": (
        "/settings",
        b'{"mode_id":1,"car_connected":true,"evse":{"state_id":2,"error_id":0},"settings":'
        b'{"charge_current":160,"override_current":160,"current_max":16,"mains_meter":"Disabled"},'
        b'"ev_meter":{"description":"Eastron3P","currents":{"TOTAL":477,"L1":159,"L2":158,"L3":160'
        b'}},"phase_currents":{"L1":9,"L2":0,"L3":0}}',
        (C, 16000, [15900, 15800, 16000]),
    ),
    "nrgkick": (
        "/values?general=1&powerflow=1",
        b'{"powerflow":{"charging_current":16,"l1":{"current":15.9},"l2":{"current":15.8},'
        b'"l3":{"current":0}},"general":{"status":"CHARGING"}}',
        (C, -1, [15900, 15800, 0]),
    ),
    "openwb_pro": (
        "/connect.php",
        b'{"charge_state":true,"currents":[6.133,6.066,6.122],"offered_current":6,'
        b'"plug_state":true,"vehicle_id":"--"}',
        (C, 6000, [6133, 6066, 6122]),
    ),
    "peblar": (
        "/api/wlac/v1/evinterface",
        b'{"ChargeCurrentLimit":16000,"ChargeCurrentLimitActual":6000,"CpState":"State C"}',
        (C, 6000, None),
    ),
    "lektrico": (
        "/rpc/charger_info.get",
        b'{"charger_state":"C","currents":[9.5,0.0,0.0],"dynamic_current":10,'
        b'"has_active_errors":false,"install_current":32}',
        (C, 10000, [9500, 0, 0]),
    ),
    "generic": (
        "/getParameters",
        b'{"type":"parameters","list":[{"vehicleState":3,"actualCurrent":10,"actualCurrentMA":'
        b'1000,"currentP1":9.78,"currentP2":0,"currentP3":0}]}',
        (C, 10000, [9780, 0, 0]),
    ),
}

# name: (the requests for 12345 mA, those for 0)
WRITES = {
    "goe": ([("GET", "/api/set?amp=12&frc=0", None)], [("GET", "/api/set?amp=6&frc=1", None)]),
    "openevse": (
        [
            (
                "POST",
                "/claims/20",
                b'{"state":"active","charge_current":12,"max_current":12,"auto_release":false}',
            )
        ],
        [
            (
                "POST",
                "/claims/20",
                b'{"state":"disabled","charge_current":6,"max_current":6,"auto_release":false}',
            )
        ],
    ),
    "smartevse": (
        [("POST", "/settings?override_current=123", b"")],
        [("POST", "/settings?mode=4", b"")],
    ),
    "nrgkick": (
        [("GET", "/control?current_set=12.3&charge_pause=0", None)],
        [("GET", "/control?charge_pause=1", None)],
    ),
    "openwb_pro": (
        [("POST", "/connect.php", b"ampere=12.3")],
        [("POST", "/connect.php", b"ampere=0.0")],
    ),
    "peblar": (
        [("PATCH", "/api/wlac/v1/evinterface", b'{"ChargeCurrentLimit":12345}')],
        [("PATCH", "/api/wlac/v1/evinterface", b'{"ChargeCurrentLimit":0}')],
    ),
    "lektrico": (
        [
            (
                "POST",
                "/rpc",
                b'{"src":"amprail","id":1,"method":"dynamic_current.set","params":'
                b'{"dynamic_current":12}}',
            )
        ],
        [
            (
                "POST",
                "/rpc",
                b'{"src":"amprail","id":1,"method":"dynamic_current.set","params":'
                b'{"dynamic_current":0}}',
            )
        ],
    ),
    "generic": (
        [("GET", "/setCurrent?current=1230", None)],
        [("GET", "/setCurrent?current=0", None)],
    ),
}

# name: (status, reply to the first request of a write, whether that is a good one)
ANSWERS = {
    "goe": [
        (200, b'{"amp":true,"frc":true}', True),
        (500, b'{"amp":"amp: failed: Value 5 exceeds range 6 to 32 (5)"}', False),
        (200, b'{"amp":"amp: failed","frc":true}', False),
        (404, b"Not found", False),
    ],
    "openevse": [
        (200, b'{"msg":"done"}', True),
        (201, b'{"msg":"Created"}', True),
        (500, b'{"msg":"Failed to parse JSON"}', False),
        (200, b'{"msg":"Failed to make claim"}', False),
        (429, b'{"msg":"locked"}', False),
    ],
    "smartevse": [
        (200, b'{"override_current":123}', True),
        (200, b'{"override_current":"Value not allowed!"}', False),
        (200, b"{}", False),
    ],
    "nrgkick": [
        (200, b'{"current_set":12.3,"charge_pause":0}', True),
        (406, b'{"Response":"Invalid current entered, allowed 6.0A - 32.0A"}', False),
        (200, b'{"Response":"API must be enabled within the NRGkick App"}', False),
    ],
    "openwb_pro": [(200, b"", True), (200, b"OK", True), (500, b"", False)],
    "peblar": [(200, b"", True), (200, b"{}", True), (401, b"", False), (429, b"", False)],
    "lektrico": [
        (200, b'{"id":1,"src":"x","dst":"amprail","result":true}', True),
        (200, b'{"id":1,"error":{"code":-1,"message":"no"}}', False),
        (200, b'{"id":1,"result":false}', False),
    ],
    "generic": [
        (200, b"S0_set current to given value", True),
        (200, b"E1_could not set", False),
    ],
}


def load(name):
    """The driver of that name, for a line that describes an EVSE-WiFi where it is the generic."""
    made = __import__("chargers." + name, None, None, ("write",))
    line = {"id": 1, "driver": name, "generic": GENERIC}
    return made.driver(line) if hasattr(made, "driver") else made


def requests(driver, ma, notes):
    """What is sent to set a current."""
    sent = []
    while driver.write(ma, notes, len(sent)) is not None:
        sent.append(driver.write(ma, notes, len(sent)))
        assert len(sent) < 9
    return sent


def read(driver, request, status, body, answer, notes):
    if isinstance(request, str):
        request = "GET", request, None
    answer.clear()
    driver.read(request, status, memoryview(body), answer, notes)
