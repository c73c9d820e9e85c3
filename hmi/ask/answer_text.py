"""Text of an answer, with the facts listed below the sentences."""

from collections.abc import Iterator
from dataclasses import asdict

from handwheel.agents.answering.fact import Answer
from handwheel.agents.answering.question import Question
from handwheel.connectors.hints import NEXT

_INDENT = "  "


def answer_lines(answer: Answer) -> Iterator[str]:
    """Yields the sentences of an answer, then its facts and what one can do next."""
    yield from answer.lines
    if answer.facts:
        yield ""
    for each in answer.facts:
        at = f", {each.at[:19].replace('T', ' ')} UTC" if each.at else ""
        yield f"{_INDENT}{each.id:<4} {each.about}: {each.value}  ({each.source}{at})"
    for step in answer.next_steps:
        yield step if step.startswith(NEXT) else f"{NEXT}{step}"


def answer_fields(question: Question, answer: Answer) -> dict[str, object]:
    """Returns a question and its answer as fields for JSON."""
    return {
        "question": question.text,
        "intent": question.intent,
        "subjects": [each.name for each in question.subjects],
        "claims": [
            {"text": each.text(answer.facts), "template": each.template, "cites": list(each.cites)}
            for each in answer.claims
        ],
        "facts": [asdict(each) for each in answer.facts],
        "next": answer.next_steps,
    }
