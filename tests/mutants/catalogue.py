"""Every mutant there is."""

from collections.abc import Sequence

from . import authorization, execution, interlocks_and_device, ledger_and_socket, steps
from .mutant import Mutant

MUTANTS: Sequence[Mutant] = (
    *steps.MUTANTS,
    *authorization.MUTANTS,
    *interlocks_and_device.MUTANTS,
    *execution.MUTANTS,
    *ledger_and_socket.MUTANTS,
)


def find(name: str) -> Mutant:
    """Returns the mutant of an id."""
    return next(each for each in MUTANTS if each.id == name)


def table(mutants: Sequence[Mutant]) -> str:
    """Returns a row of Markdown for each mutant."""
    return "\n".join(f"| {each.id} | {each.gone} | `{each.test}` |" for each in mutants)
