"""Planner that lets a model choose among the candidates that the rules would consider."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from handwheel.tools.safe_text import quoted

from ..planner import Kind, Plan, PlanningCase
from .answer import ModelChoice, checked_choice
from .exchange import Exchange, NoAnswer
from .pool import ModelPool
from .question import Question, offered, question_of


class Undecided(Exception):
    """No choice of a model counts. The text says why.

    Attributes:
        exchange: See `Plan.exchange`.
    """

    def __init__(self, reason: str, exchange: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.exchange = exchange


class ModelPlanner:
    """Planner that asks the models of a pool with the role `plan`.

    A model decides nothing against a diagnosis: where a fault is named, it chooses among the
    playbooks that answer it, and its choice of none does not count.
    """

    def __init__(self, pool: ModelPool) -> None:
        self.pool = pool

    @property
    def limit_s(self) -> float:
        """The longest time that a plan may take, wall-clock time."""
        return self.pool.limit_s("plan")

    @staticmethod
    def has_choice(case: PlanningCase) -> bool:
        """Whether there is anything to choose from."""
        return bool(offered(case))

    async def plan(self, case: PlanningCase) -> Plan:
        """Returns the plan of a case that has a choice.

        Raises:
            Undecided: No model has answered, or its answer does not count.

        Effect: calls of models. Retry: the next model. Timeout: `limit_s`.
        """
        question = question_of(case)
        check = partial(checked_choice, question=question)
        try:
            choice, exchanges = await self.pool.ask("plan", question, check)
        except NoAnswer as error:
            raise Undecided(str(error), _fields(question, error.exchanges)) from None
        model = exchanges[-1].model
        words = f"model {model} says, unverified: {quoted(choice.because)}"
        if not choice.candidate and case.ranking.get("named"):
            reason = f"it chose none of the candidates, though a fault is named; {words}"
            raise Undecided(reason, _fields(question, exchanges))
        exchange = _fields(question, exchanges, model)
        return Plan(_kind(choice, case), words, choice.candidate, choice.values, exchange=exchange)


def _kind(choice: ModelChoice, case: PlanningCase) -> Kind:
    if not choice.candidate:
        return "abstain"
    tests = {each["playbook"] for each in case.ranking.get("checks", ())}
    chosen = next(each for each in case.candidates if each["name"] == choice.candidate)
    return "check" if chosen["playbook"] in tests else "act"


def _fields(question: Question, exchanges: Sequence[Exchange], model: str = "") -> dict[str, Any]:
    """Returns what the journal keeps. `model` is the one whose choice counts, empty for none."""
    return {
        "prompt": f"{question.system}\n\n{question.text}", "prompt_hash": question.sha256,
        "model": model, "asked": [each.fields for each in exchanges],
    }  # fmt: skip
