"""Sentences of a model about an answer, checked one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...planning.model.answer import parsed
from ...planning.model.question import Question as Prompt
from ..fact import Answer, Claim
from ..question import Question
from .prompt import facts_and_claims
from .select import grouped, is_needed
from .sentences import LONGEST, SentenceCheck
from .word_model import WordModel

_MOST = 4
_INSTRUCTIONS = (
    "You answer an operator of an industrial plant in at most three short sentences. Use only the "
    "words and names of the statements. Write each value as its place, such as {F1}, behind the "
    "same name and word as in its statement. Write no number and no unit. Answer in JSON."
)


class _Said(Model):
    sentences: list[str] = Field(max_length=_MOST)


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Sentences of a model that count, the number of others, and the claims told in any case."""

    sentences: Sequence[Claim]
    dropped: int
    needed: Sequence[Claim]


def phrased(question: Question, answer: Answer, model: WordModel) -> Phrasing:
    """Returns the sentences of a model that say no more than the claims that they cite.

    Raises:
        NoAnswer: No model has answered.

    Effect: calls of models. Retry: the next model. Timeout: see `WordModel`.
    """
    said = model.ask(_prompt(question, answer), _sentences)
    kept = list(SentenceCheck(answer).kept(said))
    groups = grouped(answer.claims)
    needed = [each for group in groups if is_needed(question, group) for each in group]
    return Phrasing(kept, len(said) - len(kept), needed)


def _sentences(text: str) -> list[str]:
    return parsed(text, _Said).sentences


def _prompt(question: Question, answer: Answer) -> Prompt:
    items = {"type": "string", "maxLength": LONGEST}
    schema = {
        "title": "answer", "description": "Sentences of an answer.", "type": "object",
        "properties": {"sentences": {"type": "array", "items": items, "maxItems": _MOST - 1}},
        "required": ["sentences"], "additionalProperties": False,
    }  # fmt: skip
    lines = [f"- {each.template}" for each in answer.claims]
    return Prompt(_INSTRUCTIONS, facts_and_claims(question, answer, lines), schema)
