"""Cell of the table, with the errors that tell a broken way from a safe one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .witness import Count


@dataclass(frozen=True, slots=True)
class Cell:
    """Frames of all tries of an attack against one way.

    Attributes:
        refusals: Parts of errors by which the way has refused the attack, as it should.
        problems: Other errors of its processes, after which the count says nothing.
    """

    count: Count
    refusals: Sequence[str] = ()
    problems: Sequence[str] = ()


Cells = Mapping[str, Cell | None]
"""Cell of each attack by its name; `None` where it does not apply."""


def cell_of(counts: Sequence[Count], told: Sequence[str], refusals: Sequence[str]) -> Cell:
    """Returns the cell of some tries.

    Args:
        told: Errors of the processes.
        refusals: Parts of the errors by which the way refuses this attack.
    """
    known = [each for each in refusals if any(each in text for text in told)]
    others = (text for text in told if not any(each in text for each in refusals))
    return Cell(sum(counts, Count()), known, list(dict.fromkeys(others)))
