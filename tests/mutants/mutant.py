"""What a mutant is: the gate with one thing taken away, and the test that must notice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from handwheel.tools.guardrails.gate.state.execution import Execution, GateStep
from handwheel.tools.guardrails.gate.steps import all_steps as steps

Apply = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing that is taken away from the gate, or done in another order.

    Attributes:
        id: `M` and the number of the step, with a letter for a part of it; `G` for what the gate
            does between actions, `R` for what stops a second claim, `L` for the ledger's file and
            fold, `S` for the socket.
        gone: What is taken away, in words.
        apply: Takes it away, in this process.
        test: The test that must fail then, by its node id.
        sees: What the failure says: a state, a frame or a reason that only this can bring.
    """

    id: str
    gone: str
    apply: Apply
    test: str
    sees: str


def step(name: str, instead: GateStep) -> Apply:
    """Puts something in the place of a step."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        names = [each.__name__ for each in steps.STEPS]
        way = list(steps.STEPS)
        way[names.index(name)] = instead
        patch.setattr(steps, "STEPS", tuple(way))

    return apply


def swap(one: int, other: int) -> Apply:
    """Lets two steps change places, by their numbers."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        way = list(steps.STEPS)
        way[one - 1], way[other - 1] = way[other - 1], way[one - 1]
        patch.setattr(steps, "STEPS", tuple(way))

    return apply


def put(place: object, name: str, value: object) -> Apply:
    """Puts a value in the place of a module's or a class's own."""
    return lambda patch: patch.setattr(place, name, value)


def says(place: object, name: str, answer: object) -> Apply:
    """Lets a function give one answer, whatever it is asked."""

    def answering(*_: Any, **__: Any) -> Any:
        return answer

    return put(place, name, answering)


def both(*changes: Apply) -> Apply:
    """Takes several things away at once."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        for change in changes:
            change(patch)

    return apply


async def nothing(_: Execution) -> None:
    """The step that is no step."""
