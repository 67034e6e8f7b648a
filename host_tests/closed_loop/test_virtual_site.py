"""The parts of the simulated site in virtual time, against what can be worked out by hand."""

import pytest
from amprail_tools.virtual.car import B, C, Car, CarKind
from amprail_tools.virtual.clock import Clock
from amprail_tools.virtual.connection import UA, Connection, Recovery
from amprail_tools.virtual.meter import Meter, MeterKind

# -- time and currents --


def test_actions_come_in_order_and_never_in_the_past():
    clock, seen = Clock(), []
    clock.at(20, seen.append, "b")
    clock.at(10, lambda: clock.at(5, seen.append, "a"))
    clock.at(20, seen.append, "c")
    clock.run_until(15)
    assert seen == ["a"] and clock.now_ms == 15
    clock.run_until(20)
    assert seen == ["a", "b", "c"]


def test_time_above_the_limit_is_exact_on_ramps():
    clock = Clock()
    connection = Connection(clock, 10000, reaction_ms=500)
    connection.change((0,), 8000 * UA, 1000)  # at 10 A after 2 s, at 12 A after 4 s
    clock.run_until(4000)
    connection.change((0,), 0, -3000)  # 2 A/s down: at 10 A after 5 s
    clock.run_until(6000)
    connection.change((0,), 0, 2000)
    connection.change((0, 1), 3000 * UA)
    clock.run_until(7000)
    connection.advance()
    assert connection.above_ms == [3000 + 1000, 0, 0]
    assert connection.above_mas == [2000 * 3 / 2 + 1000, 0, 0]
    assert connection.longest_ms == [3000, 0, 0]
    assert connection.beyond_ms == [2500 + 500, 0, 0]
    assert connection.peak_ma == [12000, 3000, 0]


def test_recovery_is_when_95_percent_are_back():
    clock = Clock()
    recovery = Recovery(clock)
    recovery.change(100, 0)
    recovery.gone(before_ua=200)
    clock.run_until(10_000)
    recovery.change(0, 1)
    clock.run_until(20_000)
    recovery.finish()
    assert recovery.seconds == [10.09]


# -- a car --


def car(kind, phases=(0, 1, 2)):
    clock, draws = Clock(), []
    plugged = Car(clock, kind, phases, lambda ua, slope: draws.append((ua, slope)), lambda: None)
    return clock, plugged


def test_a_car_follows_after_its_lag_ramps_up_and_falls_at_once():
    clock, plugged = car(CarKind(lag_ms=4000, ramp_ma_s=2000))
    plugged.offer(10000)
    clock.run_until(3999)
    assert (plugged.state, plugged.draw_ma) == (B, 0)
    clock.run_until(6000)
    assert (plugged.state, plugged.draw_ma) == (C, 4000)
    clock.run_until(20_000)
    assert plugged.draw_ma == 10000
    plugged.offer(6000)
    clock.run_until(24_000)
    assert plugged.draw_ma == 6000
    plugged.offer(0)
    clock.run_until(27_000)  # IEC 61851-1: within 3 s
    assert (plugged.state, plugged.draw_ma) == (B, 0)


def test_a_newer_offer_replaces_what_it_would_overtake():
    clock, plugged = car(CarKind(lag_ms=4000, ramp_ma_s=0))
    plugged.offer(16000)
    clock.run_until(500)
    plugged.offer(0)
    clock.run_until(10_000)
    assert plugged.taken_mah == 0


def test_a_car_starts_after_its_delay_unless_the_offer_has_gone():
    clock, plugged = car(CarKind(lag_ms=0, ramp_ma_s=0, start_delay_ms=5000))
    plugged.offer(16000)
    clock.run_until(3000)
    plugged.offer(0)
    clock.run_until(4000)
    plugged.offer(16000)
    clock.run_until(8999)
    assert plugged.state == B
    clock.run_until(9000)
    assert plugged.state == C


def test_another_offer_does_not_make_a_car_begin_its_delay_anew():
    clock, plugged = car(CarKind(lag_ms=0, ramp_ma_s=0, start_delay_ms=5000))
    plugged.offer(16000)
    clock.run_until(3000)
    plugged.offer(10000)
    clock.run_until(4999)
    assert plugged.state == B
    clock.run_until(5000)
    assert (plugged.state, plugged.draw_ma) == (C, 10000)


def test_below_its_own_minimum_a_car_draws_nothing():
    clock, plugged = car(CarKind(lag_ms=0, min_ma=8000))
    plugged.offer(7000)
    clock.run_until(1000)
    assert (plugged.state, plugged.draw_ma) == (C, 0)


def test_a_car_takes_its_energy_tapers_and_is_full():
    kind = CarKind(lag_ms=0, ramp_ma_s=0, max_ma=10000, energy_wh=2300, taper_pct=20)
    clock, plugged = car(kind, (1,))
    plugged.offer(16000)
    clock.run_until(int(0.8 * 3_600_000))
    assert plugged.draw_ma == 10000
    clock.run_until(int(0.8 * 3_600_000) + 1000)
    assert plugged.draw_ma == 9000
    clock.run_until(10 * 3_600_000)
    assert plugged.full and plugged.state == B and plugged.draw_ma == 0
    assert plugged.taken_wh == pytest.approx(2300, abs=0.1)
    tenths = [10, *range(9, 0, -1), 1]
    hours = 0.8 + sum(0.02 * 10 / tenth for tenth in tenths[1:])
    assert plugged.full_ms / 3_600_000 == pytest.approx(hours, rel=1e-3)


# -- the meter --


def test_the_meter_is_late_noisy_and_silent_when_told():
    clock = Clock()
    connection = Connection(clock, 63000)
    seen = []
    kind = MeterKind(noise_ma=300, outages=((5000, 6000),), frozen=((7000, 10_000),))
    Meter(clock, connection, kind, 1, lambda ma: seen.append((clock.now_ms, ma and ma[0])))
    connection.change((0,), 10000 * UA)
    clock.run_until(10_000)
    assert [ms for ms, ma in seen if ma is None] == [5100, 5350, 5600, 5850]
    assert [ms for ms, _ in seen[:3]] == [100, 350, 600]
    values = [ma for ms, ma in seen if 1000 < ms < 5000]
    assert len(set(values)) == 4
    assert all(8500 < ma < 11500 for ma in values)
    assert len({ma for ms, ma in seen if ms >= 7000}) == 1
