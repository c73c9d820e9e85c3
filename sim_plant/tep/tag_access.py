"""Reads every tag from the plant's state."""

from collections.abc import Sequence

from ..alarm import alarm_values
from ..model import Value
from .control.controllers import ControlState, gas_shares
from .control.loops import FLOW_LOOPS, HAND_STATIONS, OVERRIDE
from .plant_state import TepState
from .process.shutdown import CAUSES
from .process.state import VALVES
from .tags import ANALYSERS, XMEAS
from .tags import VALVES as VALVE_TAGS

_WORD = 0xFFFFFFFF
_POSITIONS = tuple(f"{name}.pos" for name in VALVE_TAGS)


def read_all(s: TepState) -> dict[str, Value]:
    """Returns the present value of every tag."""
    values: dict[str, Value] = dict(zip(XMEAS, s.readings, strict=True))
    values.update(zip(_POSITIONS, s.process.x[VALVES], strict=True))
    values |= _read_control(s.control, s.readings, s.process.xmv)
    values |= alarm_values(s.alarms)
    return values | {
        "ESD.active": bool(s.process.trip),
        "ESD.cause": CAUSES[s.process.trip or "none"],
        f"{ANALYSERS}.heartbeat": s.steps & _WORD,
        f"{ANALYSERS}.time": s.steps & _WORD,
        f"{ANALYSERS}.map_version": 1,
    }


def _read_control(
    c: ControlState, readings: Sequence[float], xmv: Sequence[float]
) -> dict[str, Value]:
    share, both = gas_shares(readings)
    values: dict[str, Value] = {
        "PRODUCTION.working": c.production,
        "PRODUCTION.rate": c.production_rate,
        "AIC-G.working": c.grade,
        "AIC-G.rate": c.grade_rate,
        f"{OVERRIDE}.sp": c.override.setpoint,
        f"{OVERRIDE}.op": c.override.output,
        f"{OVERRIDE}.mode": c.override.mode,
        "AIC-A.pv": share,
        "AIC-AC.pv": both,
    }
    for name, loop in c.loops.items():
        values[f"{name}.sp"] = loop.setpoint
        values[f"{name}.op"] = loop.output
        values[f"{name}.mode"] = loop.mode
    index = c.loops["PRODUCTION"].output
    for flow in FLOW_LOOPS.values():
        station = c.ratios[flow.ratio]
        values[f"{flow.ratio}.sp"] = station.value
        values[f"{flow.ratio}.op"] = station.value * index
        values[f"{flow.ratio}.mode"] = station.mode
    values |= {f"{name}.op": xmv[number - 1] for name, number in HAND_STATIONS.items()}
    values["AIC-A.op"] = c.ratios["RATIO-1"].value
    values["AIC-AC.op"] = c.ratios["RATIO-1"].value + c.ratios["RATIO-4"].value
    return values
