# What is on a line is found: by setting, address and type, whatever the others on it do.

import asyncio

from both import run
from bus import VOLTS, WATTS, Bus, Slave, heard, levels
from modbus.detect import ADDRESSES, LINES, Search
from modbus.rtu import Line, LineError
from wire import sealed

# The line of the tests, its meters and the search together; a device has the last only.
HEAP = "128K"

N, E = (9600, "N", 1), (9600, "E", 1)


# What a meter answers to those who ask what it is: (function, register, bytes), from the survey.
SIGNED = {
    "eastron_sdm630": (3, 0xFC02, b"\0\x70"),
    "eastron_sdm72dmv2": (3, 0xFC02, b"\0\x89"),
    "eastron_sdm120": (3, 0xFC02, b"\0\x20"),
    "eltako_dsz15": (3, 0xFC02, b"\0\0\0\x0d"),
    "abb_b23": (3, 0x8960, b"B23 "),
    "cg_em24": (3, 11, b"\0\x47"),
    "cg_em3xx": (3, 11, b"\x01\x4f"),
    "cg_em5xx": (3, 11, b"\x06\xe0"),
    "cg_em1xx": (3, 11, b"\0\x66"),
    "schneider_iem3x55": (3, 49, b"iEM3155" + bytes(33)),
    "siemens_pac2200": (3, 64001, bytes(4) + b"7KM2200-2EA30-1HA1" + bytes(32)),
    "bge_ds100": (3, 0x100C, b"\0\x06"),
    "huawei_dtsu666h": (3, 2001, b"\x3f\x80"),
    "iskra_wm3m4": (4, 1, b"WM3M"),
    "finder_7m38": (4, 1, b"7M.38.8.400.0212"),
}


def meter(name, *place, **options):
    slave = Slave(*place, **options)
    slave.fill(name)
    if name in SIGNED:
        function, register, answer = SIGNED[name]
        slave.put(function, register, answer)
    return slave


def search(bus, lines=LINES, addresses=ADDRESSES, progress=None):
    """The search, when it is over, with `results`."""
    results = []
    made = Search(bus.open_port, results.append, progress)
    run(made.run(lines, addresses))
    assert bus.open == 0
    made.results = results
    return made


def only(bus, *arguments):
    results = search(bus, *arguments).results
    assert len(results) == 1, [(found.line, found.address) for found in results]
    return results[0]


def test_the_bits_of_a_line_are_those_of_a_uart():
    assert levels(b"\x41", "E", 1) == b"\0\1\0\0\0\0\0\1\0\0\1"
    for line in LINES:
        bits = levels(b"\x00\xff\x55\xaa", line[1], line[2])
        assert heard(bits, line[0], line) == (b"\x00\xff\x55\xaa", True)
    assert not heard(levels(b"\x01\x03\xfc", "N", 1), 9600, E)[1]
    assert heard(levels(b"\x01\x03\xfc", "N", 1), 9600, (19200, "N", 1))[0] != b"\x01\x03\xfc"


def test_three_meters_at_different_speeds_and_parities_are_all_found():
    bus = Bus(
        meter("eastron_sdm630", 1, N),
        meter("cg_em3xx", 2, (19200, "N", 1)),
        meter("abb_b23", 247, (38400, "E", 1)),
    )
    results = search(bus).results
    assert [(found.types[0], found.line, found.address) for found in results] == [
        ("eastron_sdm630", N, 1),
        ("cg_em3xx", (19200, "N", 1), 2),
        ("abb_b23", (38400, "E", 1), 247),
    ]
    for found in results:
        assert found.signed and found.phases == 3 and not found.trouble
        assert list(found.phase_v) == list(VOLTS)
        assert list(found.phase_w) == list(WATTS)
        assert list(found.phase_ma) == [7500, -500, 60000]
    assert bus.requests < 230 and bus.now < 120000


def test_a_meter_as_it_comes_is_found_with_the_first_request():
    bus = Bus(meter("eastron_sdm630"))
    first = []

    def found(it):
        first.append(bus.now)

    run(Search(bus.open_port, found).run())
    assert first[0] < 1500


def test_each_signature_is_recognised():
    for name in SIGNED:
        found = only(Bus(meter(name)), (N,), (1,))
        assert found.types[0] == name and found.signed and found.phases, (name, found.types)


def test_a_sunspec_meter_is_found_wherever_its_list_begins():
    for base in (40000, 50000, 0):
        slave = Slave()
        slave.fill_sunspec(base)
        found = only(Bus(slave), (N,), (1,))
        assert found.types == ["sunspec"] and found.signed and found.phases == 3, found.trouble
        assert list(found.phase_ma) == [7500, -500, 60000]
        assert list(found.phase_w) == list(WATTS)
        assert list(found.phase_v) == list(VOLTS)


def test_meters_that_share_a_signature_are_both_named():
    for name, alike in (("cg_em24", "phoenix_eem350"), ("cg_em5xx", "fronius_ts65a")):
        slave = meter(name)
        slave.fill(alike)
        assert only(Bus(slave), (N,), (1,)).types == [name, alike]


def test_a_shared_signature_is_told_apart_where_the_registers_differ():
    slave = meter("janitza_b23")
    slave.put(3, 0x8960, b"B23 ")
    assert only(Bus(slave), (N,), (1,)).types == ["janitza_b23"]
    assert only(Bus(meter("abb_b23")), (N,), (1,)).types == ["abb_b23"]


def test_an_eltako_and_an_early_sdm630_are_not_taken_for_each_other():
    for signature in (b"\0\0", b"\0\0\0\0"):
        early = meter("eastron_sdm630")
        del early.words[3, 0xFC02]
        early.put(3, 0xFC02, signature)
        found = only(Bus(early), (N,), (1,))
        assert found.types[0] == "eastron_sdm630" and "eltako_dsz15" not in found.types
    eltako = meter("eltako_dsz15")
    assert only(Bus(eltako), (N,), (1,)).types == ["eltako_dsz15"]
    del eltako.words[3, 0xFC03]
    assert only(Bus(eltako), (N,), (1,)).types == ["eltako_dsz15"]


def test_a_meter_without_a_signature_is_known_by_values_that_fit_together():
    for name, alike in (
        ("inepro_pro380", ["inepro_pro380", "wago_879"]),
        ("orno_we516", ["orno_we516"]),
        ("chint_dtsu666", ["chint_dtsu666"]),
        ("siemens_pac1600", ["siemens_pac1600"]),
        ("lovato_dmg", ["lovato_dmg"]),
        ("be_mpm3pm", ["be_mpm3pm"]),
        ("sinotimer_dts6619", ["sinotimer_dts6619"]),
        ("chint_ddsu666", ["chint_ddsu666"]),
        ("tq_em300", ["tq_em300"]),
        ("janitza_umg96", ["janitza_umg96"]),
    ):
        found = only(Bus(meter(name)), (N,), (1,))
        assert found.types == alike and not found.signed, (name, found.types)


def test_powers_that_are_more_than_volts_times_amperes_are_no_meter():
    slave = meter("orno_we516")
    slave.put(3, 22, b"\x3f\x00\x00\x00")  # L1: 0.5 A for 1650 W
    found = only(Bus(slave), (N,), (1,))
    assert not found.phases and not found.types and found.trouble


def test_a_meter_that_cannot_be_used_is_named_with_the_reason():
    slave = Slave()
    slave.put(3, 0xFC02, b"\0\x84")
    found = only(Bus(slave), (N,), (1,))
    assert found.types == ["eastron_sdm72dm"] and found.refused and not found.phases
    assert "measures no currents" in found.trouble


def test_a_meter_without_voltage_is_named_by_its_signature_and_the_trouble_is_said():
    slave = meter("eastron_sdm630")
    for register in range(18):
        slave.words[4, register] = 0
    found = only(Bus(slave), (N,), (1,))
    assert found.types == ["eastron_sdm630"] and found.signed and not found.phases
    assert "150 to 280 V" in found.trouble


def test_a_meter_on_one_phase_of_three_is_found():
    slave = meter("eastron_sdm630")
    for register in (2, 4, 8, 10, 14, 16):
        slave.put(4, register, bytes(4))
    found = only(Bus(slave), (N,), (1,))
    assert found.types == ["eastron_sdm630"] and found.phases == 1


def test_a_carlo_gavazzi_that_gives_no_signs_is_found_out():
    for name, register, good, bad in (("cg_em24", 0x1101, 7, 1), ("cg_em3xx", 0x1103, 1, 0)):
        slave = meter(name)
        for value in (good, bad):
            slave.words[3, register] = value
            setting = only(Bus(slave), (N,), (1,)).setting
            assert setting == (
                None if value == good else (register, bad, 7 if bad else 1, setting[3])
            )


def test_every_other_address_at_the_same_setting_is_tried_before_other_settings():
    seen = []
    bus = Bus(meter("eastron_sdm630", 1, N), meter("cg_em3xx", 247, N))

    def progress(done, of, line, address):
        seen.append((line, address))

    assert len(search(bus, (E, N), ADDRESSES, progress).results) == 2
    begin = seen.index((N, 1))
    tried = seen[begin : begin + len(ADDRESSES)]
    assert sorted(tried) == sorted([(N, address) for address in ADDRESSES])
    assert {line for line, _ in seen[:begin]} == {E} == {line for line, _ in seen[begin + 7 :]}


def test_progress_grows_to_the_end_by_one_and_names_what_is_tried():
    seen = []
    bus = Bus(meter("eastron_sdm630", 2, E))
    search(bus, (N, E), (1, 2, 3), lambda *words: seen.append(words))
    assert [(done, of) for done, of, _, _ in seen] == [(at, 6) for at in range(6)]
    assert {(line, address) for _, _, line, address in seen} == {
        (line, address) for line in (N, E) for address in (1, 2, 3)
    }


def test_a_late_answer_is_an_answer():
    found = only(Bus(meter("eastron_sdm630", 1, N, 400)), (N,), (1, 2))
    assert found.types == ["eastron_sdm630"] and found.phases == 3


def test_an_answer_that_is_far_too_late_is_noticed():
    made = search(Bus(meter("eastron_sdm630", 1, N, 700)), (N,), (1, 2, 3))
    assert not made.results and made.foreign


def test_exceptions_on_everything_prove_setting_and_address():
    found = only(Bus(Slave(2, E)), (N, E), (1, 2))
    assert (found.line, found.address, found.types) == (E, 2, [])
    assert "exception 2" in found.trouble


def test_a_wrong_answer_of_the_right_address_proves_it_too():
    slave = Slave()
    slave.answer = lambda request: sealed(b"\x01\x04\x02\x00\x01")
    found = only(Bus(slave), (N,), (1,))
    assert found.address == 1 and not found.types


def test_a_slave_that_answers_at_every_address_is_reported_once():
    slave = meter("eastron_sdm630")
    real = slave.answer

    def answer(request):
        reply = real(b"\x01" + request[1:])
        return sealed(request[:1] + reply[1:-2])

    slave.answer = answer
    found = only(Bus(slave), (N, E))
    assert found.everywhere and found.types == ["eastron_sdm630"]


def test_two_meters_of_which_one_has_a_rare_address_are_both_found():
    bus = Bus(meter("eastron_sdm630", 1, N), meter("cg_em3xx", 246, N))
    found = search(bus, (N,), (1, 2, 246)).results
    assert [(it.types[0], it.everywhere) for it in found] == [
        ("eastron_sdm630", False),
        ("cg_em3xx", False),
    ]


def test_a_search_takes_over_the_port_of_a_line_and_gives_it_back():
    async def main():
        assert len(await line.read_registers(1, 4, 6, 12)) == 24
        line.close()
        assert bus.open == 0
        results = []
        await Search(bus.open_port, results.append).run((E, N), (1,))
        assert bus.open == 0 and len(results) == 1
        return len(await line.read_registers(1, 4, 6, 12))

    bus = Bus(meter("eastron_sdm630"))
    line = Line(lambda: bus.open_port(9600, "N", 1))
    assert run(main()) == 24


def test_a_wrong_crc_is_something_that_cannot_be_read():
    slave = meter("eastron_sdm630")
    real = slave.answer

    def answer(request):
        reply = real(request)
        return reply and reply[:-1] + bytes((reply[-1] ^ 1,))

    slave.answer = answer
    made = search(Bus(slave), (N, E), (1, 2))
    assert made.noisy == [N] and not made.results


def test_endless_noise_does_not_end_the_search_and_is_named():
    bus = Bus()
    bus.noise = lambda port, now: b"\x55\xaa\x01\x03" if port.line == N else None
    made = search(bus, (N, E), (1, 2, 3))
    assert made.noisy == [N] and not made.results


def test_another_master_at_another_speed_is_heard():
    bus = Bus(meter("cg_em3xx", 1, (19200, "N", 1)))
    poll = sealed(b"\x05\x03\x00\x00\x00\x0a")
    spoken = levels(poll, "N", 1)
    times = []

    def noise(port, now):
        if now // 300 in times:
            return None
        times[:] = [now // 300]
        return heard(spoken, 19200, port.line)[0]

    bus.noise = noise
    assert N in search(bus, (N,), (1, 2)).noisy


def test_a_cancelled_search_closes_the_port():
    async def main():
        task = asyncio.create_task(made.run())
        while bus.requests < 10:
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True

    bus = Bus()
    made = Search(bus.open_port, print)
    assert run(main())
    assert bus.open == 0 and bus.requests < 20


def test_a_pulled_cable_ends_the_search_with_an_error():
    def progress(done, of, line, address):
        bus.gone = done == 3

    bus = Bus()
    try:
        search(bus, (N,), (1, 2, 3, 4, 5, 6), progress)
    except LineError as error:
        assert error.kind == "gone"
    else:
        raise AssertionError("nobody noticed")


def test_a_port_that_cannot_be_opened_is_the_error_of_the_board():
    def refuse(baud, parity, stop):
        raise OSError("serial device x: no such device")

    try:
        run(Search(refuse, print).run())
    except OSError as error:
        assert "no such device" in str(error)
    else:
        raise AssertionError("nobody noticed")
