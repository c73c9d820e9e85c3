"""Method that computes one number from others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

GROUP = "handwheel.computed"
"""Entry point group in which a package registers its methods, each a `Method`."""


class Mean(NamedTuple):
    """Mean of an input over one hour of process time."""

    at_s: float  # mean time of its values, seconds of process time
    value: float


@dataclass(frozen=True, slots=True)
class Method:
    """Pure function over the values of tags, with the units of its inputs and result.

    Attributes:
        compute: Gets each input by its name, a finite number in the unit that `inputs` gives.
            Returns a number in `unit`, or `None` where there is none, as without flow. It reads
            and changes nothing else, and returns within a millisecond.
        unit: Unit of the result, empty for none.
        inputs: Unit of each input, by its name.
        past: Input whose hourly means of the last seven days `compute` also gets, as `past`, a
            tuple of `Mean`, oldest first; empty for none.

    Raises:
        ValueError: `past` is none of the inputs.
    """

    compute: Callable[..., float | None]
    unit: str
    inputs: Mapping[str, str]
    past: str = ""

    def __post_init__(self) -> None:
        if self.past and self.past not in self.inputs:
            raise ValueError(f"past: {self.past!r} is no input; known: {', '.join(self.inputs)}")
