"""Answers a question of a person from facts, whichever its kind."""

from collections.abc import Callable, Mapping

from .answers import ahead, changed, past, plans, present, reasons, waiting
from .examples import nearest
from .fact import Answer, joined
from .grammar import parse_question
from .question import Intent, NotUnderstood, Question
from .sources import Sources

_ANSWERS: Mapping[Intent, Callable[[Question, Sources, Answer], None]] = {
    "value": present.value,
    "condition": present.condition,
    "alarms": present.alarms,
    "running": present.running,
    "why": reasons.why,
    "wrong": reasons.wrong,
    "since": past.since,
    "changed": changed.changed,
    "similar": past.similar,
    "what-if": ahead.what_if,
    "limit": ahead.limit,
    "plan": plans.plan,
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
        NotUnderstood: Nothing that the question names can be told about in this way.
        HandwheelError: A source cannot be read.

    Effect: OBSERVE. Retry: as the sources. Timeout: the sources' own.
    """
    answer = Answer()
    _ANSWERS[question.intent](question, sources, answer)
    if not answer.claims:
        names = ", ".join(each.name for each in question.subjects) or "no tag"
        reason = f"such a question cannot be answered about {names}. Try:"
        raise NotUnderstood(reason, nearest([], sources.site, question.subjects), is_final=True)
    if question.ignored:
        words = joined([f"“{each}”" for each in question.ignored])
        answer.say(f"The answer leaves out {words}.", is_caution=True)
        answer.claims.insert(0, answer.claims.pop())
    return answer
