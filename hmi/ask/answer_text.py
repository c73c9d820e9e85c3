"""Text of an answer, with the facts listed below the sentences."""

from collections.abc import Iterator
from dataclasses import asdict

from handwheel.agents.answering.fact import Answer, Claim
from handwheel.agents.answering.phrasing.worded import Worded
from handwheel.agents.answering.question import Question
from handwheel.connectors.hints import NEXT

_INDENT = "  "


def answer_lines(answer: Answer, shown: Worded) -> Iterator[str]:
    """Yields the sentences of an answer, then its facts and what one can do next."""
    if shown.sentences:
        yield f"In words of model {shown.model}, unverified; the values are those of the facts:"
        yield from (f"{_INDENT}{each.text(answer.facts)}" for each in shown.sentences)
        yield ""
    yield from (each.text(answer.facts) for each in shown.claims)
    if told := _told(answer, shown):
        yield ""
        yield told
    facts = shown.facts(answer)
    if facts:
        yield ""
    for each in facts:
        at = f", {each.at[:19].replace('T', ' ')} UTC" if each.at else ""
        yield f"{_INDENT}{each.id:<4} {each.about}: {each.value}  ({each.source}{at})"
    for step in answer.next_steps:
        yield step if step.startswith(NEXT) else f"{NEXT}{step}"


def _told(answer: Answer, shown: Worded) -> str:
    """Returns what a model did to the answer, empty if none took part."""
    parts: list[str] = []
    if shown.level == "select" and shown.model:
        kept = len(answer.claims) - shown.left_out
        parts.append(
            f"Model {shown.model} chose {kept} of {len(answer.claims)} sentences and their order"
        )
    if shown.dropped:
        parts.append(f"{shown.dropped} sentences of the model did not count")
    return f"({'; '.join(parts)}; --level grammar shows the answer without it.)" if parts else ""


def answer_fields(
    question: Question, answer: Answer, shown: Worded, routed_by: str
) -> dict[str, object]:
    """Returns a question and its answer as fields for JSON.

    Args:
        routed_by: Model that has understood the question, empty for the grammar.
    """
    return {
        "question": question.text,
        "intent": question.intent,
        "subjects": [each.name for each in question.subjects],
        "understood_by": routed_by or "grammar",
        "claims": [_claim(each, answer) for each in shown.claims],
        "facts": [asdict(each) for each in shown.facts(answer)],
        "next": answer.next_steps,
        "model": {
            "name": shown.model, "level": shown.level, "left_out": shown.left_out,
            "dropped": shown.dropped, "fault": shown.fault,
            "unverified": [_claim(each, answer) for each in shown.sentences],
        },
    }  # fmt: skip


def _claim(claim: Claim, answer: Answer) -> dict[str, object]:
    text = claim.text(answer.facts)
    return {"text": text, "template": claim.template, "cites": list(claim.cites)}
