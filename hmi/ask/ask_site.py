"""Question of a person to a site, understood and answered with or without a model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handwheel.agents.answering.answer_question import answer_to
from handwheel.agents.answering.fact import Answer
from handwheel.agents.answering.grammar import parse_question
from handwheel.agents.answering.phrasing.route import routed_question, understood
from handwheel.agents.answering.phrasing.word_model import WordModel
from handwheel.agents.answering.phrasing.worded import Level, Worded, worded
from handwheel.agents.answering.question import NotUnderstood, Question
from handwheel.agents.answering.sources import Sources
from handwheel.agents.planning.model.exchange import NoAnswer

from .answer_text import answer_fields, answer_lines


@dataclass(frozen=True, slots=True)
class Told:
    """Answer to a person.

    Attributes:
        routed_by: Model that has understood the question, empty for the grammar.
    """

    question: Question
    answer: Answer
    shown: Worded
    routed_by: str

    @property
    def fault(self) -> str:
        """Reason why no model took part in the answer, empty if one did or none was to."""
        return self.shown.fault

    @property
    def lines(self) -> Iterator[str]:
        """It as lines of text."""
        if self.routed_by:
            meaning = understood(self.question)
            yield f"Model {self.routed_by} understands, unverified: {meaning}"
            yield ""
        yield from answer_lines(self.answer, self.shown)

    @property
    def fields(self) -> Mapping[str, object]:
        """It as fields for JSON."""
        return answer_fields(self.question, self.answer, self.shown, self.routed_by)


def ask_site(text: str, sources: Sources, level: Level, model: WordModel | None) -> Told:
    """Returns the answer to a question.

    Args:
        model: Asked as far as the level says; `None` for none.

    Raises:
        NotUnderstood: Neither the grammar nor a model understands it.
        HandwheelError: A source cannot be read.

    Effect: OBSERVE, and calls of models. Retry: the next model. Timeout: see `WordModel`.
    """
    question, routed_by = _question(text, sources, None if level == "grammar" else model)
    answer = answer_to(question, sources)
    return Told(question, answer, worded(level, question, answer, model), routed_by)


def _question(text: str, sources: Sources, model: WordModel | None) -> tuple[Question, str]:
    """Returns a question with the name of the model that has understood it."""
    try:
        return parse_question(text, sources.site), ""
    except NotUnderstood as error:
        if model is None or error.is_final:
            raise
        try:
            return routed_question(text, sources.site, model), model.name
        except NoAnswer as fault:
            raise error.after(str(fault)) from None
