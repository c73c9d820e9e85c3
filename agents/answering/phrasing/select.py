"""Order of the claims of an answer, as a model chooses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...planning.model.answer import ModelFault, parsed
from ...planning.model.question import Question as Prompt
from ..fact import Answer, Claim
from ..question import Intent, Question
from .prompt import facts_and_claims
from .word_model import WordModel

_WITH_EXTRAS: frozenset[Intent] = frozenset({"why", "condition", "similar"})
_MOST = 40  # groups of claims that a model orders
_INSTRUCTIONS = (
    "You put the statements of an answer to an operator of an industrial plant into order. Give "
    "the ids of those that answer the question, the most useful first. Leave out what does not "
    "help. Answer in JSON."
)


class _Said(Model):
    order: list[str] = Field(min_length=1, max_length=_MOST)


@dataclass(frozen=True, slots=True)
class Selection:
    """Claims that are shown, in order, and the number of those that were left out.

    Attributes:
        model: Name of the model that has chosen, empty where there was nothing to choose.
    """

    claims: Sequence[Claim]
    left_out: int = 0
    model: str = ""


def selected(question: Question, answer: Answer, model: WordModel) -> Selection:
    """Returns the claims of an answer in the order of a model.

    It may leave claims out, but none that must be told: those that it does not name come last.

    Raises:
        NoAnswer: No model has answered, or none with ids of claims.

    Effect: calls of models. Retry: the next model. Timeout: see `WordModel`.
    """
    groups = grouped(answer.claims)
    if not 1 < len(groups) <= _MOST:
        return Selection(answer.claims)
    names = [f"S{number}" for number in range(1, len(groups) + 1)]
    order = model.ask(_prompt(question, answer, groups, names), partial(_order, names=names))
    rest = [n for n, each in enumerate(groups) if n not in order and is_needed(question, each)]
    claims = [claim for number in (*order, *rest) for claim in groups[number]]
    return Selection(claims, len(answer.claims) - len(claims), model.name)


def grouped(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Returns claims with those that go on about them. The order in a group is kept."""
    groups: list[list[Claim]] = []
    for each in claims:
        if each.is_more and groups:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def is_needed(question: Question, claims: Sequence[Claim]) -> bool:
    """Whether some claims must be told. In answers that are lists each of them counts."""
    return question.intent not in _WITH_EXTRAS or any(
        each.is_caution or each.is_answer for each in claims
    )


def _order(text: str, names: Sequence[str]) -> list[int]:
    order = parsed(text, _Said).order
    if len(set(order)) != len(order) or not set(order) <= set(names):
        raise ModelFault("its order has ids that no statement has, or one twice")
    return [names.index(each) for each in order]


def _prompt(
    question: Question, answer: Answer, groups: Sequence[Sequence[Claim]], names: Sequence[str]
) -> Prompt:
    items = {"type": "string", "enum": list(names)}
    schema = {
        "title": "answer", "description": "The order of the statements.", "type": "object",
        "properties": {"order": {"type": "array", "items": items, "maxItems": len(names)}},
        "required": ["order"], "additionalProperties": False,
    }  # fmt: skip
    lines = [
        f"- {name}: {' '.join(each.template for each in group)}"
        for name, group in zip(names, groups, strict=True)
    ]
    return Prompt(_INSTRUCTIONS, facts_and_claims(question, answer, lines), schema)
