"""Events of the ledger in the words of the verb `journal`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handwheel.playbooks.engine.states import MOVES, EventKind
from handwheel.tools.guardrails.ledger.runs import ORDERED, PREFIX
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import parse_request

_REQUEST, _FILED, _DECISION = "request.", "request.filed", "decision"


def journal_texts(rows: Iterable[JournalRow]) -> Iterator[tuple[str, str]]:
    """Yields kind and text of what the ledger tells of requests, decisions, runs and orders."""
    for row in rows:
        fields = row.fields
        kind, subject, body = fields["kind"], fields["subject"], fields["body"]
        if kind == _FILED:
            request = parse_request(body["text"])
            yield "request", f"{subject} is filed: {request.reason}"
        elif kind.startswith(_REQUEST) and "to" in body:
            yield "request", f"{subject} is {body['to']}: {body['reason']}"
        elif kind == _DECISION:
            yield "decision", _decision(subject, body)
        elif kind == ORDERED:
            yield "decision", f"{body['person']}: {body['order']} {subject}"
        elif kind.startswith(PREFIX):
            yield from _run(EventKind(kind.removeprefix(PREFIX)), subject, body)


def _decision(subject: str, body: Mapping[str, Any]) -> str:
    said: Any = parse_canonical(body["text"])
    comment = said.get("comment")
    return f"{said['person']}: {said['verdict']} {subject}{f', {comment}' if comment else ''}"


def _run(kind: EventKind, run_id: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == EventKind.OPENED:
        yield "run", f"{run_id} begins: {body['playbook']}, {body['title']}"
    elif kind == EventKind.RAISED:
        yield "order", f"{body['workorder']} for {body['asset']}: {body['title']}"
    elif kind == EventKind.NOTIFIED:
        yield "note", body["text"]
    elif kind in MOVES:
        reason = body.get("reason")
        yield "run", f"{run_id} is {MOVES[kind][1]}{f': {reason}' if reason else ''}"
