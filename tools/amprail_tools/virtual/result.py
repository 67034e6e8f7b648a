"""What came out of a run, as numbers."""

MS = 1000


def result_of(world) -> dict:
    """All that is reported of a finished world but its share of the bound."""
    connection, service = world.connection, world.service
    setpoints = [charger.setpoints for charger in world.chargers]
    return {
        "above_s": [round(ms / MS, 2) for ms in connection.above_ms],
        "above_as": [round(mas / 1000, 1) for mas in connection.above_mas],
        "longest_above_s": round(max(connection.longest_ms) / MS, 2),
        "beyond_reaction_s": round(max(connection.beyond_ms) / MS, 2),
        "peak_a": [round(ma / 1000, 2) for ma in connection.peak_ma],
        "energy_kwh": round(service.energy_kwh(), 3),
        "charge_ah": round(service.charge_ah(), 3),
        "pauses": service.pauses,
        "setpoints": {
            "mean": round(sum(setpoints) / len(setpoints), 1),
            "max": max(setpoints),
        },
        "waiting_s": service.waiting(),
        "jain": _rounded(service.jain_energy()),
        "jain_current": _rounded(service.jain_current()),
        "back_s": [_rounded(seconds, 1) for seconds in world.recovery.seconds],
    }


def _rounded(value, digits=4):
    return None if value is None else round(value, digits)


def with_bound(result: dict, bound: dict, at_will: dict) -> dict:
    """The result with its energy as a share of what somebody who knows all could give."""
    return result | {
        "of_bound": _share(result, bound),
        "of_pausing_at_will": _share(result, at_will),
    }


def _share(result, bound):
    if not bound["energy_kwh"]:
        return None
    return round(result["energy_kwh"] / bound["energy_kwh"], 4)
