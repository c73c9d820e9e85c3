"""Base class of plants with clock, event log, alarms, checks of writes and snapshots."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType, ModuleType
from typing import Any, Generic, TypeVar

from . import alarm, state
from .alarm import AlarmDefinition, AlarmState
from .errors import NotWritable, OutOfRange, ScenarioError, SnapshotError, WrongState
from .model import FaultKind, PlantEquipment, PlantEvent, PlantTag, Quality, Value


@dataclass(slots=True)
class PlantState:
    """State of every plant. A plant adds its own fields, and a snapshot holds them all."""

    steps: int = 0  # since the start
    tripped_at_s: float = -1.0  # time of the first trip of the process; negative before it
    tripped_by: str = ""  # cause of the first trip
    # the state of every alarm, by tag
    alarms: dict[str, AlarmState] = field(default_factory=dict[str, AlarmState])


S = TypeVar("S", bound=PlantState)


class BasePlant(ABC, Generic[S]):
    """A plant that runs in fixed steps.

    A subclass gives its tags, its state and three methods. The seed is of noise and disturbances,
    `noise` switches the noise off alone. `None` is seed 0 without noise. The same seed and the
    same calls give the same bytes on one machine.
    """

    model: str  # name, such as `cw-100`
    title: str  # in one line
    step_s: float  # length of one step, seconds of plant time
    tags: Sequence[PlantTag]  # that the servers publish, except the simulation clock's
    modes: Sequence[str] = ("base",)  # operating modes to start in, the usual one first
    equipment: Sequence[PlantEquipment] = ()  # that the tags belong to
    alarms: Sequence[AlarmDefinition] = ()  # each with a tag `X.active`
    faults: Mapping[str, FaultKind] = MappingProxyType({})  # and decoys, by id
    field_actions: Mapping[str, str] = MappingProxyType({})  # and their meanings
    constants: ModuleType | None = None  # module whose numbers its model reads at each step

    def __init__(self, seed: int | None = None, *, noise: bool = True) -> None:
        self.seed = seed or 0
        self.noise = noise and seed is not None
        # since the last `drain_events`, without those of undone writes
        self.events: list[PlantEvent] = []
        self._tags = {tag.name: tag for tag in self.tags}
        self._watched = [(each, each.measures, each.is_high, each.limit) for each in self.alarms]
        self.state = self._begin(self.modes[0])

    @abstractmethod
    def initial(self, mode: str) -> S:
        """Returns the initial state, to which the alarms are added."""

    @abstractmethod
    def advance(self) -> None:
        """Advances process, transmitters and PLC by one step, before alarms and clock."""

    @abstractmethod
    def measurements(self) -> dict[str, Value]:
        """Returns the present value of every tag."""

    def apply(self, tag: str, value: Value) -> None:
        """Carries out a write in tag and range, or raises `WriteRejected` with the reason."""
        raise NotImplementedError(tag)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        """Sets a fault of `faults` to this share of its full size, 0..1."""
        raise NotImplementedError(fault)

    def do_in_field(self, action: str) -> None:
        """Carries out one of `field_actions`. Raises `WriteRejected` in the wrong state."""
        raise NotImplementedError(action)

    def check(self, fresh: S) -> None:
        """Checks a state from a snapshot. Raises `SnapshotError` if this plant cannot have it."""

    def qualities(self) -> Mapping[str, Quality]:
        """Returns the quality of those tags whose value is not good."""
        return {}

    def is_modbus_down(self) -> bool:
        """Returns whether the Modbus side does not answer at present."""
        return False

    @property
    def time_s(self) -> float:
        """Plant time, seconds since the start."""
        return self.state.steps * self.step_s

    @property
    def inputs(self) -> Sequence[PlantTag]:
        """Tags that accept writes."""
        return [tag for tag in self.tags if tag.write is not None]

    def start(self, mode: str) -> None:
        """Restarts at time zero in one of `modes`. Raises `ScenarioError` for another."""
        if mode not in self.modes:
            known = ", ".join(self.modes)
            raise ScenarioError(f"{self.model} has no mode called {mode!r}; known: {known}")
        self.state = self._begin(mode)
        self.events.clear()

    def _begin(self, mode: str) -> S:
        fresh = self.initial(mode)
        fresh.alarms = {each.tag: AlarmState() for each in self.alarms}
        return fresh

    def step(self) -> None:
        """Advances the plant by one step."""
        self.advance()
        if self.alarms:
            self._scan_alarms()
        self.state.steps += 1

    def _scan_alarms(self) -> None:
        values = self.alarm_inputs()
        states = self.state.alarms.values()  # in the order of the alarms, as `_begin` made them
        scan, step_s = alarm.scan, self.step_s
        for (definition, measures, is_high, limit), current in zip(
            self._watched, states, strict=True
        ):
            value = values[measures]
            if not current.active and (value <= limit if is_high else value >= limit):
                current.elapsed_s = 0.0  # as `scan`, without its call, which most steps need not
            elif scan(definition, current, value, step_s):
                current.changed_at_s = self.time_s
                kind = "alarm" if current.active else "clear"
                self.note(kind, definition.tag, f"{measures} {value:.4g}")

    def alarm_inputs(self) -> Mapping[str, float]:
        """Returns the values that the alarms compare, by `AlarmDefinition.measures`."""
        return {
            name.removesuffix(".pv"): float(value) for name, value in self.measurements().items()
        }

    def alarm_states(self) -> Mapping[str, AlarmState]:
        """Returns the present state of every alarm."""
        return self.state.alarms

    def acknowledge(self, alarm: str) -> None:
        """Takes an operator's acknowledgement. Raises `WriteRejected` without such an alarm."""
        current = self.state.alarms.get(alarm)
        if current is None:
            raise NotWritable(f"there is no alarm {alarm}")
        if current.acknowledged:
            raise WrongState(f"{alarm} has nothing to acknowledge")
        current.acknowledged = True
        current.changed_at_s = self.time_s
        self.note("ack", alarm, f"{alarm} is {current.phase}")

    def write(self, tag: str, value: Value) -> None:
        """Takes a write that arrived on the wire. Raises `WriteRejected`, with nothing changed."""
        known = self._tags.get(tag)
        if known is None or known.write is None:
            raise NotWritable(f"{tag} takes no writes")
        low, high = known.write
        if not _is_within(value, low, high):
            raise OutOfRange(f"{tag} takes {low:g} to {high:g} {known.unit}".rstrip())
        before = self.measurements()[tag]
        self.apply(tag, value)
        self.note("write", tag, f"{tag} {before} -> {value}")

    def inject(
        self, fault: str, parameters: Mapping[str, float | str], severity: float = 1.0
    ) -> None:
        """Sets a fault, with parameters of `scenario.bind_event`, to a severity 0..1. 0 ends it."""
        self.set_fault(fault, parameters, severity)

    def act(self, action: str) -> None:
        """Carries out one of `field_actions` now. Raises `WriteRejected` in the wrong state."""
        self.do_in_field(action)
        self.note("field", action, self.field_actions[action])

    def trip(self, cause: str) -> None:
        """Records the first trip of the process."""
        if self.state.tripped_at_s < 0.0:
            self.state.tripped_at_s, self.state.tripped_by = self.time_s, cause

    def first_trip(self) -> tuple[float, str] | None:
        """Returns time and cause of the first trip, or `None` before it."""
        s = self.state
        return None if s.tripped_at_s < 0.0 else (s.tripped_at_s, s.tripped_by)

    def note(self, kind: str, tag: str, text: str) -> None:
        """Appends an event to the plant's event log."""
        self.events.append(PlantEvent(self.time_s, kind, tag, text))

    def drain_events(self) -> list[PlantEvent]:
        """Returns the events since the last call, oldest first."""
        events, self.events = self.events, []
        return events

    def snapshot(self) -> dict[str, Any]:
        """Returns the full state as plain JSON values."""
        return {"model": self.model, "state": state.capture(self.state)}

    def checkpoint(self) -> Callable[[], None]:
        """Returns a function that resets the plant to its present state."""
        # A copy and no snapshot, since `check` may refuse a state that must be undone.
        before, count = deepcopy(self.state), len(self.events)

        def undo() -> None:
            self.state = before
            del self.events[count:]

        return undo

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Continues from a snapshot, bit for bit on the same machine. Raises `SnapshotError`."""
        if saved.get("model") != self.model:
            raise SnapshotError(
                f"this is a snapshot of {saved.get('model')!r}, not of {self.model}"
            )
        fresh = self._begin(self.modes[0])
        state.restore(fresh, saved.get("state"), "state")
        self.check(fresh)
        self.state = fresh


Plant = BasePlant[Any]
"""Any plant, as servers, scenarios and the command line see it."""


def _is_within(value: Value, low: float, high: float) -> bool:
    """Returns whether a finite number lies within limits, and false for anything else."""
    try:
        return low <= value <= high and isfinite(value)
    except (TypeError, OverflowError):  # no number, or an integer beyond a double
        return False
