"""Answer as it is shown, at the level that a person asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...planning.model.exchange import NoAnswer
from ..fact import Answer, Claim, Fact
from ..question import Question
from .phrase import phrased
from .select import selected
from .word_model import WordModel

Level = Literal["grammar", "route", "select", "phrase"]
"""How far a model takes part: not, in understanding, in order and choice, in words."""


@dataclass(frozen=True, slots=True)
class Worded:
    """Answer as it is shown.

    Attributes:
        level: The one that was reached.
        model: Name of the model that took part in it, empty for none.
        sentences: In words of the model, unverified.
        claims: In our words.
        left_out: Number of claims that the model left out.
        dropped: Number of the model's sentences that did not count.
        fault: Why no model took part; empty if one did, or none was to.
    """

    level: Level
    claims: Sequence[Claim]
    model: str = ""
    sentences: Sequence[Claim] = ()
    left_out: int = 0
    dropped: int = 0
    fault: str = ""

    def facts(self, answer: Answer) -> list[Fact]:
        """Returns the facts that it cites."""
        cited = {fact for each in (*self.sentences, *self.claims) for fact in each.cites}
        return [each for each in answer.facts if each.id in cited]


def worded(level: Level, question: Question, answer: Answer, model: WordModel | None) -> Worded:
    """Returns an answer at a level. Without an answer of a model it is that of the grammar.

    Effect: calls of models. Retry: the next model. Timeout: see `WordModel`.
    """
    if model is None or level in {"grammar", "route"}:
        return Worded(level, answer.claims)
    dropped = 0
    try:
        if level == "phrase":
            found = phrased(question, answer, model)
            dropped = found.dropped
            if found.sentences:
                return Worded(level, found.needed, model.name, found.sentences, dropped=dropped)
        chosen = selected(question, answer, model)
    except NoAnswer as error:
        return Worded("grammar", answer.claims, dropped=dropped, fault=str(error))
    return Worded("select", chosen.claims, chosen.model, left_out=chosen.left_out, dropped=dropped)
