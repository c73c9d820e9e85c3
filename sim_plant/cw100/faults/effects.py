"""Effects of the faults on the skid at any severity."""

from collections.abc import Mapping

from ...sensor_faults import set_sensor_fault
from ..process import constants as k
from ..process import pump
from ..state import SkidState
from ..tags import SENSORS
from .growth import grown, is_active, severity_before

Parameters = Mapping[str, float | str]


def set_fault(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    """Sets a fault to this share of its full size, 0..1.

    Leaks add up, and so do a transmitter's faults. Of two faults on one variable the later
    counts. A growing fault goes on from the present value, so that a repair holds. A fault
    that ends keeps the effects of other faults and the writes of the gate.
    """
    if fault.startswith("SENSOR-"):
        _set_sensor(s, fault, given, severity)
    elif fault in {"F06", "F07", "F08", "F08b"}:
        _set_reading(s, fault, given, severity)
    elif fault in {"F01", "F10", "F10b", "F14", "F16"}:
        _set_pump(s, fault, given, severity)
    elif fault in {"F04", "F05", "F13", "F15", "D01"}:
        _set_control(s, fault, given, severity)
    else:
        _set_water(s, fault, given, severity)


def _set_sensor(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    if fault == "SENSOR-FREEZE" and given["sensor"] == "LT-101":
        _freeze_level(s, fault, is_frozen=severity > 0.0)
    else:
        set_sensor_fault(SENSORS, s.sensors, fault, given, severity)


def _freeze_level(s: SkidState, fault: str, *, is_frozen: bool) -> None:
    state = s.sensors["LT-101"]
    state.is_faulty = True
    if not state.is_frozen:
        s.level_frozen_by = dict.fromkeys(s.level_frozen_by, False)  # it may have been replaced
    s.level_frozen_by[fault] = is_frozen
    state.is_frozen = any(s.level_frozen_by.values())


def _set_reading(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    state = s.sensors["LT-101" if fault in {"F06", "F07"} else "TT-202"]
    state.is_faulty = True
    if fault == "F06":
        _leak(s, fault, given, severity)
        _freeze_level(s, fault, is_frozen=is_active(s, fault))
    else:
        state.offset = grown(s, fault, severity, float(given["bias"]), state.offset)


def _set_pump(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    name = str(given.get("pump", "P-101A"))
    each = s.pumps[name]
    match fault:
        case "F01":
            key, size = f"{fault} {name}", float(given["d0"]) - k.HEALTHY_DAMAGE
            each.damage = grown(s, key, severity, size, each.damage, k.HEALTHY_DAMAGE)
            if severity or not is_active(s, key):
                each.damage_tau_s = float(given["tau"]) if severity else 0.0
        case "F14":
            key, size = f"{fault} {name}", float(given["w"]) - 1.0
            each.impeller = grown(s, key, severity, size, each.impeller, 1.0)
        case "F16":
            each.is_start_blocked = severity > 0.0
        case _:
            each.has_electrical_fault = severity > 0.0
            if severity:
                each.trip(pump.ELECTRICAL)
            if fault == "F10b":
                _set_standby_maintenance(s, is_on=severity > 0.0)


def _set_standby_maintenance(s: SkidState, *, is_on: bool) -> None:
    standby = s.pumps["P-101B"]
    is_idle = not (standby.is_running or standby.run_command)
    if is_on and is_idle and standby.mode != pump.MAINTENANCE:
        s.standby_mode, standby.mode = standby.mode, pump.MAINTENANCE
    elif not is_on and s.standby_mode != pump.MAINTENANCE:
        if standby.mode == pump.MAINTENANCE:
            standby.mode = s.standby_mode
        s.standby_mode = pump.MAINTENANCE


def _set_water(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    match fault:
        case "F02":
            size = float(given["plug"]) - 1.0
            s.strainer_plug = grown(s, fault, severity, size, s.strainer_plug, 1.0)
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
            _set_load(s, float(given["load"]) - k.PRODUCT_USUAL, severity)


def _set_load(s: SkidState, size: float, severity: float) -> None:
    """Moves the product's set point, unless the gate has written it since D01 began."""
    present = s.loops.product_setpoint
    begins = severity > 0.0 and not severity_before(s, "D01", size)
    is_own = is_active(s, "D01") and present == s.load_set
    if begins and not is_own:
        s.load_found = present
    load = grown(s, "D01", severity, size, present, k.PRODUCT_USUAL)
    if begins or is_own:
        s.load_set = load if is_active(s, "D01") else s.load_found
        s.loops.product_setpoint = s.load_set


def _cut_link(s: SkidState, outage_s: float, severity: float) -> None:
    before = severity_before(s, "F15", outage_s)
    down_s = grown(s, "F15", severity, outage_s, s.link_down_s)
    if severity == 0.0:
        s.link_down_s = down_s
    elif before in {0.0, severity}:  # a link is up or down, so a growing fault changes nothing
        s.link_down_s = outage_s


def _foul(s: SkidState, given: Parameters, severity: float) -> None:
    size, shell = float(given["rf"]), s.exchanger
    fouling = grown(s, "F03", severity, size, shell.fouling)
    if severity or not is_active(s, "F03"):
        shell.fouling_tau_s = float(given["tau"]) if severity else 0.0
    if severity and shell.fouling_tau_s:
        shell.fouling_limit = severity * size
    else:
        shell.fouling = fouling


def _leak(s: SkidState, fault: str, given: Parameters, severity: float) -> None:
    s.leaks[fault] = grown(s, fault, severity, float(given["leak"]), s.leaks[fault])
