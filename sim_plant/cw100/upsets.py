"""What the faults do to the skid, at any severity from nothing to their full size."""

from collections.abc import Mapping

from ..sensor_faults import set_sensor_fault
from . import constants as k
from . import pump
from .sensors import SENSORS
from .skid import SkidState

Parameters = Mapping[str, float | str]


def set_fault(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    """Gives a fault this share of its full size, 0..1.

    Leaks add up, and so do a transmitter's faults. Of two that set the same thing the later
    counts. What grows goes on from where the thing stands, so that a repair on the way holds.
    """
    if fault.startswith("SENSOR-"):
        set_sensor_fault(SENSORS, s.sensors, fault, given, severity)
    elif fault in {"F06", "F07", "F08", "F08b"}:
        _set_reading(s, fault, given, severity)
    elif fault in {"F01", "F10", "F10b", "F14", "F16"}:
        _set_pump(s, fault, given, severity)
    elif fault in {"F04", "F05", "F13", "F15", "D01"}:
        _set_control(s, fault, given, severity)
    else:
        _set_water(s, fault, given, severity)


def _set_reading(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    state = s.sensors["LT-101" if fault in {"F06", "F07"} else "TT-202"]
    state.is_faulty = True
    if fault == "F06":
        state.is_frozen = severity > 0.0
        _leak(s, fault, given, severity)
    else:
        state.offset = _grown(s, fault, severity, float(given["bias"]), state.offset)


def _set_pump(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    name = str(given.get("pump", "P-101A"))
    each = s.pumps[name]
    match fault:
        case "F01":
            key, size = f"{fault} {name}", float(given["d0"]) - k.HEALTHY_DAMAGE
            damage = _grown(s, key, severity, size, each.damage, k.HEALTHY_DAMAGE)
            each.damage = min(damage, pump.MAX_DAMAGE)
            each.damage_tau_s = float(given["tau"]) if severity else 0.0
        case "F14":
            key, size = f"{fault} {name}", float(given["w"]) - 1.0
            each.impeller = _grown(s, key, severity, size, each.impeller, 1.0)
        case "F16":
            each.is_start_blocked = severity > 0.0
        case _:
            each.has_electrical_fault = severity > 0.0
            if severity:
                each.trip(pump.ELECTRICAL)
            standby = s.pumps["P-101B"]
            if severity and fault == "F10b" and not (standby.is_running or standby.run_command):
                standby.mode = pump.MAINTENANCE


def _set_water(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    match fault:
        case "F02":
            size = float(given["plug"]) - 1.0
            s.strainer_plug = _grown(s, fault, severity, size, s.strainer_plug, 1.0)
        case "F03":
            _foul(s, given, severity)
        case "F09":
            _leak(s, fault, given, severity)
        case "F11":
            s.passing = severity * float(given["k_nrv"])
        case "F12":
            s.water.fan_lost = severity
        case "D02":
            s.water.wet_bulb_c = k.WET_BULB_C + severity * (float(given["twb"]) - k.WET_BULB_C)
        case _:
            raise KeyError(fault)


def _set_control(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    match fault:
        case "F04":
            band, slip = float(given["s"]) / 100.0, float(given["j"]) / 100.0
            signal = s.loops.loops["TIC-202"].output
            s.valves["TV-202"].stick(severity * band, severity * slip, signal)
        case "F05":
            s.valves["TV-202"].is_stuck = severity > 0.0
        case "F13":
            s.valves["LV-101"].is_stuck = severity > 0.0
        case "F15":
            _cut_link(s, float(given["outage"]), severity)
        case _:
            size, present = float(given["load"]) - k.PRODUCT_USUAL, s.loops.product_setpoint
            load = _grown(s, fault, severity, size, present, k.PRODUCT_USUAL)
            s.loops.product_setpoint = min(max(load, 0.0), k.PRODUCT_MAX)


def _cut_link(s: SkidState, outage_s: float, severity: float) -> None:
    before = s.severities["F15"]
    s.severities["F15"] = severity
    if severity == 0.0:
        s.link_down_s = 0.0
    elif before in {0.0, severity}:  # a link is up or down: while the fault grows, it goes on
        s.link_down_s = outage_s


def _foul(s: SkidState, given: Parameters, severity: float) -> None:
    size, shell = float(given["rf"]), s.exchanger
    fouling = _grown(s, "F03", severity, size, shell.fouling)
    shell.fouling_tau_s = float(given["tau"]) if severity else 0.0
    if shell.fouling_tau_s:
        shell.fouling_limit = severity * size
    else:
        shell.fouling = max(fouling, 0.0)


def _leak(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    s.leaks[fault] = _grown(s, fault, severity, float(given["leak"]), s.leaks[fault])


def _grown(
    s: SkidState, key: str, severity: float, size: float, present: float, healthy: float = 0.0
) -> float:
    """Returns what a thing is after its fault was set to this severity.

    A fault that is set at once, or again, or ends, makes the thing what it says. One that
    grows adds its growth, so that what was cleaned or calibrated meanwhile stays so.
    """
    before = s.severities[key]
    s.severities[key] = severity
    if severity in {0.0, before} or (before == 0.0 and severity == 1.0):
        return healthy + severity * size
    return present + (severity - before) * size
