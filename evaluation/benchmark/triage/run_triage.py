"""Run of the suite `triage`, a row for each chooser."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from handwheel.agents.planning.model.answer import checked_choice
from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.agents.planning.model.question import question_of
from handwheel.agents.planning.planner import PlanningCase
from handwheel.agents.planning.rules import choose

from ..summary import wilson_interval
from .tasks import NONE, Task, load_tasks

_WORD = re.compile(r"[A-Za-z]+|\d+[A-Z]?")


def by_rules(case: PlanningCase) -> str:
    """Chooses as the agents do without a model."""
    return choose(case).candidate or NONE


def by_words(case: PlanningCase) -> str:
    """Chooses the candidate that shares most words with the facts, the first of equal ones."""
    facts = _words(str([dict(each) for each in case.deviations]))
    scores = [len(facts & _words(_text(each))) for each in case.candidates]
    if max(scores, default=0) == 0:
        return NONE
    return str(case.candidates[scores.index(max(scores))]["name"])


def _text(candidate: Mapping[str, Any]) -> str:
    return f"{candidate['name']} {candidate['title']}"


def _words(text: str) -> set[str]:
    return {each.lower() for each in _WORD.findall(text)}


@dataclass(frozen=True, slots=True)
class Choice:
    """Choice of a task.

    Attributes:
        chosen: Name of the candidate, `none`, or empty if there was no valid answer.
        seconds: How long it took, wall-clock time.
    """

    task: str
    order: int
    right: str
    chosen: str
    fault: str = ""
    seconds: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Choices of one chooser.

    Attributes:
        expected: Expected number of right ones, for a choice at random.
    """

    chooser: str
    n: int
    choices: Sequence[Choice] = ()
    expected: float | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def right(self) -> float:
        """Number of right choices, of a choice at random the expected one."""
        own = sum(each.chosen == each.right for each in self.choices)
        return own if self.expected is None else self.expected

    @property
    def valid(self) -> int:
        """Number of answers within their schema, right or not."""
        return self.n if self.expected is not None else sum(bool(e.chosen) for e in self.choices)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share of right ones, by Wilson's score method."""
        return wilson_interval(self.right / self.n, self.n)

    @property
    def seconds(self) -> float | None:
        """Median of the seconds of an answer, `None` where none is worth telling."""
        return median(each.seconds for each in self.choices) if self.settings else None

    @property
    def tokens(self) -> tuple[int, int] | None:
        """Tokens of all prompts and of all answers, `None` without a model."""
        if not self.settings:
            return None
        return (
            sum(each.prompt_tokens for each in self.choices),
            sum(each.answer_tokens for each in self.choices),
        )


def without_model(*, has_labels: bool = False) -> list[Row]:
    """Returns the rows that need no model, of a choice at random the expected number."""
    tasks = load_tasks(has_labels=has_labels)
    chance = Row("random", len(tasks), expected=sum(each.chance for each in tasks))
    return [chance, _row("words", tasks, by_words), _row("rules", tasks, by_rules)]


def _row(name: str, tasks: Sequence[Task], choose: Callable[[PlanningCase], str]) -> Row:
    found = [Choice(each.name, each.order, each.right, choose(each.case)) for each in tasks]
    return Row(name, len(tasks), found)


async def ask_model(model: PooledModel, tasks: Sequence[Task], advance: Callable[[], None]) -> Row:
    """Asks a model each task once. An answer outside its schema is no valid one."""
    choices: list[Choice] = []
    for each in tasks:
        if not model.method:
            await model.start()  # it was not asked yet, or is down after wrong answers
        question = question_of(each.case)
        exchange, found = await model.ask(question, partial(checked_choice, question=question))
        chosen = (found.candidate or NONE) if found else ""
        choices.append(
            Choice(
                each.name, each.order, each.right, chosen, exchange.fault, exchange.seconds,
                exchange.prompt_tokens, exchange.answer_tokens,
            )
        )  # fmt: skip
        advance()
    settings = {"method": model.method, **model.spec.model_dump(mode="json")}
    return Row(model.spec.name, len(tasks), choices, settings=settings)
