"""Operator's writes to modes, set points, ratios and outputs of the controllers."""

from collections.abc import Callable

from ...errors import WrongState
from ...model import Value
from .controllers import ControlState, TepLoopState
from .loops import (
    AUTO,
    CASCADE,
    FLOW_LOOPS,
    HAND_STATIONS,
    LEADERS,
    MANUAL,
    MASTERS,
    OVERRIDE,
    SLAVES,
)
from .scan import is_led

_FLOW_OF = {flow.ratio: name for name, flow in FLOW_LOOPS.items()}
_LED_BY = {name: ratio for name, (_, ratio) in LEADERS.items()} | {"AIC-A": "RATIO-1"}


def operate(c: ControlState, xmv: list[float], tag: str, value: Value) -> None:
    """Carries out a write in range to a controller, or to a hand station's command, percent.

    Raises:
        WrongState: The controller's mode does not allow it; nothing changed.
    """
    name, _, attribute = tag.partition(".")
    if name in HAND_STATIONS:
        xmv[HAND_STATIONS[name] - 1] = float(value)
    elif name == OVERRIDE:
        c.override.mode = int(value)
    elif name in MASTERS:
        _set_ratio(c, name, attribute, value)
    else:
        _LOOP_WRITES[attribute](c, name, float(value))


def _set_ratio(c: ControlState, name: str, attribute: str, value: Value) -> None:
    station = c.ratios[name]
    if attribute == "mode":
        station.mode = int(value)
        return
    flow, master = _FLOW_OF[name], MASTERS[name]
    if c.loops[flow].mode != CASCADE:
        raise WrongState(f"{name} follows {flow} while that is not in cascade")
    if station.mode == CASCADE and c.loops[master].mode != MANUAL:
        raise WrongState(f"{name} is {master}'s while that is in auto and {name} in cascade")
    _move_ratio(c, name, float(value))


def _move_ratio(c: ControlState, name: str, value: float) -> None:
    station = c.ratios[name]
    station.bias += value - station.value
    station.value = value


def _set_mode(c: ControlState, name: str, value: float) -> None:
    c.loops[name].mode = int(value)


def _set_setpoint(c: ControlState, name: str, value: float) -> None:
    loop = c.loops[name]
    if name in SLAVES and loop.mode != AUTO:
        by = "it is in manual" if loop.mode == MANUAL else "its master gives it"
        raise WrongState(f"{name}.sp takes no value while {by}")
    loop.setpoint = value


def _set_output(c: ControlState, name: str, value: float) -> None:
    loop = c.loops[name]
    if loop.mode != MANUAL:
        raise WrongState(f"{name}.op is the controller's while it is not in manual")
    if name in _LED_BY:
        _set_led(c, name, _LED_BY[name], value)
    elif name == "AIC-AC":
        _set_led(c, name, "RATIO-4", max(0.0, value - c.ratios["RATIO-1"].value))
    elif name == "LIC-1101":
        _set_separator(c.loops, value)
    loop.output = value


def _set_led(c: ControlState, name: str, ratio: str, value: float) -> None:
    if not is_led(c, ratio):
        raise WrongState(f"{name} leads nothing while {ratio} or its flow loop is not in cascade")
    _move_ratio(c, ratio, value)


def _set_separator(loops: dict[str, TepLoopState], value: float) -> None:
    slave = loops["TIC-1301"]
    if slave.mode != CASCADE:
        raise WrongState("LIC-1101 leads nothing while TIC-1301 is not in cascade")
    slave.setpoint = value


def _set_rate(c: ControlState, name: str, value: float) -> None:
    if name == "PRODUCTION":
        c.production_rate = value
    else:
        c.grade_rate = value


_LOOP_WRITES: dict[str, Callable[[ControlState, str, float], None]] = {
    "mode": _set_mode,
    "sp": _set_setpoint,
    "op": _set_output,
    "rate": _set_rate,
}
