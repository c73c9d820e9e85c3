from types import SimpleNamespace
from typing import Any

import pytest

from handwheel.evaluation.benchmark.programs.seen_plant import journal_texts
from handwheel.tools.requests.canonical import canonical

STATEMENT = canonical({"comment": "not now", "person": "anna", "verdict": "reject"})


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("decision", {"text": STATEMENT}, ("decision", "anna: reject X-1, not now")),
        (
            "request.REJECTED",
            {"to": "REJECTED", "reason": "so"},
            ("request", "X-1 is REJECTED: so"),
        ),
        ("run.ordered", {"order": "resume", "person": "anna"}, ("decision", "anna: resume X-1")),
        ("run.holding", {"reason": "a signal is bad"}, ("run", "X-1 is HOLDING: a signal is bad")),
        ("run.notified", {"to": ["all"], "text": "look"}, ("note", "look")),
        ("run.step", {"step": "one", "to": "DONE"}, None),
        ("gate.started", {"epoch": 1}, None),
    ],
)
def test_journal_texts_of_a_row_says_what_people_must_know(
    kind: str, body: dict[str, Any], told: tuple[str, str] | None
) -> None:
    row: Any = SimpleNamespace(fields={"kind": kind, "subject": "X-1", "body": body})
    assert [*journal_texts([row])] == ([told] if told else [])
