"""Protocol of a twin, a model of the plant that foretells its course from measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from handwheel.connectors.errors import HandwheelError

from ..diagnosis.windows import Windows

GROUP = "handwheel.twins"
"""Entry points of twins, each a function without arguments that returns a `Twin`."""


class TwinError(HandwheelError):
    """A twin has diverged, or cannot foretell what it was asked for."""


class TooLittleMeasured(TwinError):
    """The measurements do not suffice to find the state of a twin."""


class Move(NamedTuple):
    """Write that a plan would send."""

    tag: str
    value: float  # in the tag's unit; a truth value is 0 or 1, a word of a tag its number
    at_s: float  # process time after now


@dataclass(frozen=True, slots=True)
class Estimate:
    """State of a twin at one moment, found from measurements alone.

    Attributes:
        state: Of the twin's own, as plain JSON.
        residuals: Measured less modelled value of each compared tag, as a share of its range.
        assumptions: Sentences about what is not measured and was taken for granted.
    """

    at_s: float  # process time
    state: Mapping[str, Any]
    residuals: Mapping[str, float] = field(default_factory=dict[str, float])
    assumptions: Sequence[str] = ()

    @property
    def off(self) -> float:
        """Largest residual, 0 where nothing is compared."""
        return max(map(abs, self.residuals.values()), default=0.0)


@dataclass(frozen=True, slots=True)
class Course:
    """Foretold course of the plant.

    Attributes:
        times_s: Process time after now of each sample, in order, the first 0.
        series: Samples of each tag in its unit, as many as `times_s`; truth values are 0 and 1.
        trip: Time after now and cause of the first trip; `None` without one.
        alarms: Time after now at which each alarm first becomes active, those active now included
            with 0.
    """

    times_s: Sequence[float]
    series: Mapping[str, Sequence[float]]
    trip: tuple[float, str] | None = None
    alarms: Mapping[str, float] = field(default_factory=dict[str, float])


class Twin(Protocol):
    """Twin of one plant. It is picklable, has no clock of its own, and looks at no hidden state."""

    @property
    def tags(self) -> Sequence[str]:
        """Tags whose windows an estimate needs."""
        ...

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state of the plant now, `None` where the measurements do not suffice.

        Effect: none. Raises `TwinError` if no state explains the measurements.
        """
        ...

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on, with these writes and no others.

        Args:
            state: `Estimate.state`.
            horizon_s: How far ahead, process time.

        Effect: none. Raises `TwinError` if the twin diverges or does not take a write.
        """
        ...
