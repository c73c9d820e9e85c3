"""Controllers of a model, set to what the plant's controllers show."""

from handwheel.agents.diagnosis.windows import Windows
from handwheel.sim_plant.tep.control.controllers import ControlState, feed_forward
from handwheel.sim_plant.tep.control.loops import (
    FLOW_LOOPS,
    FULL_PRODUCTION,
    HAND_STATIONS,
    LEADERS,
    OVERRIDE,
    TUNING,
)
from handwheel.sim_plant.tep.plant_state import TepState

_STEADY_S = 120.0  # over which an output's noise is taken out
_NOISY = ("PRODUCTION.op", "LIC-1101.op", "TIC-1301.op", "TIC-1301.sp")
_TEMPERATURES = {"TIC-1101": (9, 10), "TIC-1301": (11, 11)}  # XMEAS and XMV
_RATIOS = [each.ratio for each in FLOW_LOOPS.values()]

TAGS: tuple[str, ...] = (
    *(f"{name}.{what}" for name in (*TUNING, OVERRIDE) for what in ("sp", "op", "mode")),
    *(f"{name}.{what}" for name in _RATIOS for what in ("sp", "mode")),
    *(f"{name}.{what}" for name in ("PRODUCTION", "AIC-G") for what in ("working", "rate")),
    *(f"{name}.op" for name in HAND_STATIONS),
)
"""Tags that tell the controllers' state."""


def set_controllers(state: TepState, windows: Windows) -> None:
    """Sets the controllers of a model. Raises `LookupError` with a tag that has no value."""
    control, shown = state.control, state.process.xmeas
    for name, loop in (*control.loops.items(), (OVERRIDE, control.override)):
        loop.setpoint = _value(windows, f"{name}.sp")
        loop.output = _value(windows, f"{name}.op")
        loop.mode = int(_value(windows, f"{name}.mode"))
    for name, station in control.ratios.items():
        station.value = _value(windows, f"{name}.sp")
        station.mode = int(_value(windows, f"{name}.mode"))
    control.production = _value(windows, "PRODUCTION.working")
    control.production_rate = _value(windows, "PRODUCTION.rate")
    control.grade = _value(windows, "AIC-G.working")
    control.grade_rate = _value(windows, "AIC-G.rate")
    _set_inner(control)
    _set_errors(control, shown)
    xmv = list(state.process.xmv)
    for name, number in HAND_STATIONS.items():
        xmv[number - 1] = _value(windows, f"{name}.op")
    for name, flow in FLOW_LOOPS.items():
        xmv[flow.xmv - 1] = control.loops[name].output
    for name, (_, number) in _TEMPERATURES.items():
        xmv[number - 1] = control.loops[name].output
    state.process.xmv = [min(max(each, 0.0), 100.0) for each in xmv]
    state.process.held = list(state.process.xmv)


def _set_inner(control: ControlState) -> None:
    """Sets what no tag shows and others imply."""
    loop, cut = control.loops["PRODUCTION"], control.override.output
    control.production_trim = loop.output - 100.0 / FULL_PRODUCTION * (control.production - cut)
    index = loop.output
    share = control.loops["AIC-G"].output / index if index > 0.0 else 0.0
    d, e = feed_forward(control.grade)
    control.ratios["RATIO-2"].bias = control.ratios["RATIO-2"].value - (d - 32.0 * share)
    control.ratios["RATIO-3"].bias = control.ratios["RATIO-3"].value - (e + 46.0 * share)


def _set_errors(control: ControlState, shown: list[float]) -> None:
    """Sets the last errors to the model's own, so that no output jumps."""
    loops = control.loops
    measured = {name: xmeas for name, (xmeas, _) in (*LEADERS.items(), *_TEMPERATURES.items())}
    measured |= {name: flow.xmeas for name, flow in FLOW_LOOPS.items()} | {"LIC-1101": 8}
    for name, number in measured.items():
        loops[name].error = loops[name].setpoint - shown[number - 1]
    loops["PRODUCTION"].error = control.production - control.override.output - shown[16]
    loops["AIC-G"].error = control.grade - shown[39]
    both = shown[22] + shown[24]
    loops["AIC-A"].error = loops["AIC-A"].setpoint - 100.0 * shown[22] / both
    loops["AIC-AC"].error = loops["AIC-AC"].setpoint - both
    control.override.error = control.override.setpoint - shown[6]


def _value(windows: Windows, tag: str) -> float:
    if tag in _NOISY and (mean := windows.mean(tag, _STEADY_S)) is not None:
        return mean
    value = windows.latest(tag)
    if value is None:
        raise LookupError(tag)
    return value
