"""Every mutant there is."""

from collections.abc import Sequence

from . import authorization as of_papers
from . import execution as of_sending
from . import interlocks_and_device as of_plant
from . import steps as of_steps
from .mutant import Mutant

MUTANTS: Sequence[Mutant] = (
    *of_steps.MUTANTS,
    *of_papers.MUTANTS,
    *of_plant.MUTANTS,
    *of_sending.MUTANTS,
)


def find(name: str) -> Mutant:
    """Returns the mutant of an id."""
    return next(each for each in MUTANTS if each.id == name)


def table(mutants: Sequence[Mutant]) -> str:
    """Returns the rows of `docs/explanation/mutants.md`."""
    return "\n".join(f"| {each.id} | {each.gone} | `{each.test}` |" for each in mutants)
