"""Reads every tag from the skid's state, and applies writes."""

from collections.abc import Callable

from .. import pid, sensors
from ..alarm import alarm_values
from ..errors import WrongState
from ..model import Value
from .control import interlocks
from .process import constants as k
from .process import pump
from .state import SkidState

_WORD = 0xFFFFFFFF
_DIGITS = 10  # after the point, so that a share that is shown in percent reads as it was written


def read_all(s: SkidState) -> dict[str, Value]:
    """Returns the value of every tag, with speeds, outputs and positions in percent."""
    values: dict[str, Value] = {f"{name}.pv": each.value for name, each in s.sensors.items()}
    for name, loop in s.loops.loops.items():
        values[f"{name}.sp"] = loop.setpoint
        values[f"{name}.op"] = round(loop.output * 100.0, _DIGITS)
        values[f"{name}.mode"] = loop.mode
    for name, each in s.pumps.items():
        values |= _read_pump(name, each)
    values |= interlocks.status(s.interlocks, s.pumps, sensors.values(s.sensors))
    values |= {f"{name}.pos": int(is_open) for name, is_open in s.hand_valves.items()}
    values |= alarm_values(s.alarms)
    opening = s.product / k.PRODUCT_MAX * 100.0
    return values | {
        "HV-107.pos": int(s.exchanger.flush_s > 0.0),
        "LV-101.pos": s.valves["LV-101"].position * 100.0,
        "TV-202.pos": s.valves["TV-202"].position * 100.0,
        "SC-106.pv": s.water.fan_speed * 100.0,
        "FV-201.pos": opening,
        "FIC-201.sp": s.loops.product_setpoint,
        "FIC-201.op": opening,
        "FIC-201.mode": pid.AUTO,
        "PKG-101.heartbeat": s.steps & _WORD,
        "PKG-101.time": int(s.steps * k.STEP_S) & _WORD,
        "PKG-101.map_version": 1,
    }


def _read_pump(name: str, each: pump.PumpState) -> dict[str, Value]:
    return {
        f"{name}.run_cmd": each.run_command,
        f"{name}.reset": False,
        f"{name}.running": each.is_running,
        f"{name}.tripped": each.is_tripped,
        f"{name}.available": each.is_available,
        f"{name}.speed": each.speed * 100.0,
        f"{name}.run_time": int(each.run_time_s) & _WORD,
        f"{name}.starts": each.starts & _WORD,
        f"{name}.trip_cause": each.trip_cause,
        f"{name}.mode": each.mode,
    }


def apply(s: SkidState, name: str, value: Value) -> None:
    """Applies a write in range. Raises `WrongState`, unchanged, if pump or loop refuses it."""
    equipment, _, attribute = name.partition(".")
    if equipment in s.pumps:
        _PUMP_WRITES[attribute](s, equipment, value)
    elif equipment == "FIC-201":
        s.loops.product_setpoint = float(value)
    else:
        _write_loop(s.loops.loops[equipment], name, attribute, value)


def _write_loop(loop: pid.LoopState, name: str, attribute: str, value: Value) -> None:
    match attribute:
        case "sp":
            loop.setpoint = float(value)
        case "mode":
            loop.mode = int(value)
        case _:
            if loop.mode != pid.MANUAL:
                raise WrongState(f"{name} is the controller's while the loop is in auto")
            loop.output = float(value) / 100.0


def _write_run(s: SkidState, name: str, value: Value) -> None:
    each = s.pumps[name]
    if each.mode != pump.REMOTE:
        raise WrongState(f"{name} is not in remote")
    if value and each.is_tripped:
        raise WrongState(f"{name} is tripped")
    if value and interlocks.is_start_forbidden(sensors.values(s.sensors)):
        raise WrongState(f"{name}: I-01 forbids every start while the basin is low")
    each.command(bool(value))


def _write_reset(s: SkidState, name: str, value: Value) -> None:
    if value:
        interlocks.reset(s.interlocks, s.pumps[name], name, sensors.values(s.sensors))


def _write_mode(s: SkidState, name: str, value: Value) -> None:
    each = s.pumps[name]
    if each.mode == pump.LOCAL:
        raise WrongState(f"{name} is in local: only the switch in the field takes it out")
    if value == pump.MAINTENANCE and (each.is_running or each.run_command):
        raise WrongState(f"{name} is running")
    each.mode = int(value)


_PUMP_WRITES: dict[str, Callable[[SkidState, str, Value], None]] = {
    "run_cmd": _write_run,
    "reset": _write_reset,
    "mode": _write_mode,
}
