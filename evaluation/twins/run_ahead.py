"""Course of a plant model that runs ahead, with writes at their times."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, TypeVar

from handwheel.agents.lookahead.twin import Course, Move, TwinError
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import SnapshotError, WriteRejected
from handwheel.sim_plant.model import PlantEvent

EVERY_S = 10.0
"""Time from one sample to the next while nothing happens."""
CLOSE_S = 1.0
"""The same after a write or a trip, where a pressure can fall and come back within seconds."""
CLOSE_FOR_S = 60.0
_SAME_S = 1e-6
_MOST_S = 7 * 86400.0

Values = Mapping[str, float]
Model = TypeVar("Model", bound=Plant)


def restored(model: Model, state: Mapping[str, Any]) -> Model:
    """Returns a model at an estimate. Raises `TwinError` if it cannot be in that state."""
    try:
        model.restore(state)
    except SnapshotError as error:
        raise TwinError(f"no state of the model explains the measurements: {error}") from error
    return model


def nothing_more(values: Values) -> Values:
    """Computes no tag from the plant's own."""
    del values
    return {}


def run_ahead(
    plant: Plant,
    moves: Sequence[Move],
    horizon_s: float,
    computed: Callable[[Values], Values] = nothing_more,
    every_s: float = EVERY_S,
) -> Course:
    """Runs a model from its present state and returns its course.

    Args:
        plant: Model without noise, which is advanced.
        computed: Computes further tags of each sample from the plant's own.
        every_s: Time from one sample to the next while nothing happens.

    Raises:
        TwinError: The model takes no such write, diverges, or the horizon is none.
    """
    if not 0.0 < horizon_s <= _MOST_S:
        raise TwinError(f"a horizon lies within 7 d, and {horizon_s:g} s does not")
    run = _Run(plant, computed, every_s)
    pending = sorted(moves, key=lambda each: each.at_s)
    steps, step_s = round(horizon_s / plant.step_s), plant.step_s
    for step in range(steps + 1):
        now_s = step * step_s
        run.sample(now_s, is_last=step == steps)
        while pending and pending[0].at_s <= now_s + _SAME_S:
            run.write(pending.pop(0), now_s)
        if step < steps:
            plant.step()
            run.take(plant.events, now_s + step_s)
    return run.course()


class _Run:
    """Samples and events of a model that runs ahead."""

    def __init__(self, plant: Plant, computed: Callable[[Values], Values], every_s: float) -> None:
        self._plant, self._computed, self._every_s = plant, computed, every_s
        self._times_s: list[float] = []
        self._series: dict[str, list[float]] = {}
        self._close_until_s = self._next_s = 0.0
        self._trip: tuple[float, str] | None = None
        states = plant.alarm_states()
        self._alarms = {name: 0.0 for name, each in states.items() if each.active}
        plant.drain_events()

    def sample(self, now_s: float, *, is_last: bool) -> None:
        """Takes a sample where one is due."""
        if now_s + _SAME_S < self._next_s and not is_last:
            return
        values = {name: float(each) for name, each in self._plant.measurements().items()}
        self._check(values, now_s)
        values |= self._computed(values)
        self._times_s.append(now_s)
        for name, value in values.items():
            self._series.setdefault(name, []).append(value)
        self._next_s = now_s + (CLOSE_S if now_s < self._close_until_s else self._every_s)

    def _check(self, values: Values, now_s: float) -> None:
        for name, value in values.items():
            if not isfinite(value):
                raise TwinError(f"the model diverges: {name} is {value} after {now_s:g} s")

    def write(self, move: Move, now_s: float) -> None:
        """Sends a write to the model."""
        try:
            self._plant.write(move.tag, move.value)
        except WriteRejected as refusal:
            after = f" after {now_s:g} s" if now_s else ""
            what = f"the model does not take {move.tag} {move.value:g}{after}"
            raise TwinError(f"{what}: {refusal}") from refusal
        self._look_closely(now_s)

    def take(self, events: Sequence[PlantEvent], now_s: float) -> None:
        """Takes the events of a step."""
        if not events:
            return
        for event in events:
            if event.kind == "alarm":
                self._alarms.setdefault(event.tag, now_s)
            elif event.kind in {"trip", "interlock"}:
                self._look_closely(now_s)
                if event.kind == "trip" and self._trip is None:
                    self._trip = now_s, event.text
        self._plant.drain_events()

    def _look_closely(self, now_s: float) -> None:
        self._close_until_s = now_s + CLOSE_FOR_S
        self._next_s = min(self._next_s, now_s + CLOSE_S)

    def course(self) -> Course:
        """Returns what has been seen, without a computed tag that some sample lacks."""
        count = len(self._times_s)
        series = {name: each for name, each in self._series.items() if len(each) == count}
        return Course(self._times_s, series, self._trip, self._alarms)
