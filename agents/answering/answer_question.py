"""Answers a question of a person from facts, whichever its kind."""

from collections.abc import Callable, Mapping

from .answers import ahead, past, present, reasons, waiting
from .fact import Answer
from .grammar import parse_question
from .question import Intent, Question
from .sources import Sources

_ANSWERS: Mapping[Intent, Callable[[Question, Sources, Answer], None]] = {
    "value": present.value,
    "condition": present.condition,
    "alarms": present.alarms,
    "running": present.running,
    "why": reasons.why,
    "wrong": reasons.wrong,
    "since": past.since,
    "changed": past.changed,
    "similar": past.similar,
    "what-if": ahead.what_if,
    "limit": ahead.limit,
    "plan": ahead.plan,
    "waiting": waiting.waiting,
    "decided": waiting.decided,
    "orders": waiting.orders,
}


def answer_question(text: str, sources: Sources) -> tuple[Question, Answer]:
    """Returns a question as the grammar understands it, and its answer.

    Raises:
        NotUnderstood: It is outside the grammar; with the nearest three questions.
        HandwheelError: A source cannot be read.

    Effect: OBSERVE. Retry: as the sources. Timeout: the sources' own.
    """
    question = parse_question(text, sources.site)
    return question, answer_to(question, sources)


def answer_to(question: Question, sources: Sources) -> Answer:
    """Returns the answer to a question that was understood.

    Raises:
        HandwheelError: A source cannot be read.

    Effect: OBSERVE. Retry: as the sources. Timeout: the sources' own.
    """
    answer = Answer()
    _ANSWERS[question.intent](question, sources, answer)
    return answer
