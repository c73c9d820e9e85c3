"""Twin of the Tennessee Eastman plant, as far as its 41 measurements carry it.

Levels, pressures, temperatures, analyses and valve positions tell the state, and two flows tell
how much of feeds 1 and 4 arrives. What else a feed, the cooling water or the reaction does is not
measured. A disturbance of those shows in the residuals only: for the last 20 min the model runs on
without correction. The reactor is unstable without its controllers, so that the model soon departs
from a plant that is not quite the same. Then there is no estimate.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from statistics import fmean
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Course, Estimate, Move, TwinError
from handwheel.sim_plant.alarm import AlarmState
from handwheel.sim_plant.tep.plant import TennesseeEastman
from handwheel.sim_plant.tep.process.process import Process
from handwheel.sim_plant.tep.tags import ALARMS, TAGS

from ..run_ahead import restored, run_ahead
from . import controllers, measurements
from .controllers import set_controllers
from .measurements import CLOCK, ESD, MEASURED, Row, rows_of
from .observer import EVERY_S, Observer

_LEAST_ROWS = 180  # half an hour, in which the observer finds levels, pressures and temperatures
_FREE_ROWS = 120  # 20 min
_COMPARED_ROWS = 12  # 2 min
# A sound plant stays below 3 % of any range, by noise
_MOST_RESIDUAL = 0.05
_SAMPLE_S = 60.0
_ASSUMPTIONS = (
    "Stream 4 has its usual composition; cooling water, feeds and reaction are as usual.",
    "No valve sticks.",
)
_SPANS = {tag.name: tag.span for tag in TAGS}


class TennesseeEastmanTwin:
    """The twin. Raises nothing for bad readings, for which there is no estimate."""

    tags: Sequence[str] = (*measurements.TAGS, *controllers.TAGS)

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state now, after half an hour of good readings. See `Twin.estimate`."""
        rows, clock = rows_of(windows), windows.latest(CLOCK)
        if clock is None or windows.latest(ESD) != 0.0 or len(rows) < _LEAST_ROWS:
            return None
        observer = Observer(max(int(clock) - len(rows) * EVERY_S, 1))
        free = observer
        try:
            for n, row in enumerate(rows, -len(rows)):
                observer.follow(row)
                if n == -_FREE_ROWS:
                    free = deepcopy(observer)
                elif n > -_FREE_ROWS:
                    free.follow(row, is_corrected=False)
            plant = _model(observer.process, windows)
        except ArithmeticError as error:
            raise TwinError(f"the observer diverges: {error}") from error
        except LookupError:
            return None
        found = _residuals(rows, free.process)
        _check(found)
        return Estimate(windows.now_s, plant.snapshot(), found, [*_ASSUMPTIONS, *observer.assumed])

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. See `Twin.predict`."""
        plant = restored(TennesseeEastman(None), state)
        return run_ahead(plant, moves, horizon_s, every_s=_SAMPLE_S)


def _check(residuals: Mapping[str, float]) -> None:
    tag = max(residuals, key=lambda each: abs(residuals[each]))
    if abs(residuals[tag]) > _MOST_RESIDUAL:
        off = f"{residuals[tag]:+.0%} of its range"
        raise TwinError(f"the model departs from the plant within 20 min: {tag} is {off} beside it")


def _model(process: Process, windows: Windows) -> TennesseeEastman:
    """Returns the plant with this process. Raises `LookupError` with a tag without a value."""
    plant = TennesseeEastman(None)
    s = plant.state
    s.process, s.steps, s.readings = process.state, process.state.steps, process.state.xmeas
    set_controllers(s, windows)
    for alarm in ALARMS:
        is_on = windows.latest(f"{alarm.tag}.active") == 1.0
        s.alarms[alarm.tag] = AlarmState(active=is_on, acknowledged=not is_on)
    return plant


def _residuals(rows: Sequence[Row], free: Process) -> dict[str, float]:
    """Returns measured less modelled values after 20 min without correction."""
    latest = rows[-_COMPARED_ROWS:]
    found: dict[str, float] = {}
    for n, (tag, own) in enumerate(zip(MEASURED, free.state.xmeas, strict=True)):
        low, high = _SPANS[tag] or (0.0, 100.0)
        found[tag] = (fmean(each.xmeas[n] for each in latest) - own) / (high - low)
    return found
