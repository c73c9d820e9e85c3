"""Time in which a gate verifies and folds a long journal, before it starts."""

import json
import re
from collections.abc import Sequence
from secrets import token_hex
from statistics import median
from time import perf_counter, process_time

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.approval.messages.run_events import (
    OpenRun,
    RecordEvent,
)
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import instant_now

from ..actuation.checks import gate_context
from ..actuation.desk import Desk, open_desk
from ..actuation.ledger import carry_out
from ..actuation.site import PUMP, RUN, People

_ROWS = 100_000
_CASE = "C-00000001"
_RUN_EVENTS, _CASE_EVENTS = 12, 6  # beside the opening and the end
_PERSONS = 2  # writes of people for each run
_LONGEST = 5  # starts
_NEW = re.compile(r"[0-9a-f]{64}|[0-9a-f]{32}|\b[A-Z]-[0-9A-Z]{8}\b")
_Row = tuple[str, str, dict[str, object]]


def rows(site: Site, people: People, repeats: int) -> list[tuple[str, str]]:
    """Returns the time for a journal of runs with their cases, and of writes of people.

    One story of each is recorded as the gate records it, and then again with other ids.
    """
    wanted = _ROWS if repeats > 1 else _ROWS // 20
    with open_desk(site, people) as desk:
        before = _head(desk)
        _story(desk)
        story = [
            (row.fields["kind"], row.fields["subject"], dict(row.fields["body"]))
            for row in desk.decision_context.database.journal(before)
        ]
        _repeat(desk, story, wanted)
        count = _head(desk)
    times = [_started(site) for _ in range(min(repeats, _LONGEST))]
    wall_s, cpu_s = (median(each) for each in zip(*times, strict=True))
    return [
        (
            f"gate: start of a ledger with {count:,} rows, at most 3 s",
            f"{wall_s:.1f} s, {cpu_s:.1f} s of CPU",
        )
    ]


def _started(site: Site) -> tuple[float, float]:
    wall_s, cpu_s = perf_counter(), process_time()
    with Database(site.state, site.id):
        return perf_counter() - wall_s, process_time() - cpu_s


def _head(desk: Desk) -> int:
    head = desk.decision_context.database.head()
    return head.seq if head else 0


def _story(desk: Desk) -> None:
    """Records a case with its run and the run's request, and writes of people."""
    with gate_context(desk.decision_context) as context:
        desk.take_lock()
        start = _head(desk)
        note: dict[str, object] = {"text": "x" * 100, "readings": {PUMP: True}}
        for _ in range(_CASE_EVENTS):
            event = RecordEvent(subject=_CASE, kind="case.noted", body=note)
            desk.send(desk.effects(event))
        desk.send(
            desk.effects(
                OpenRun(run_id=RUN.run_id, playbook=RUN.playbook, assets=("P-101B",), body=note)
            )
        )
        for _ in range(_RUN_EVENTS):
            desk.send(
                desk.effects(RecordEvent(subject=RUN.run_id, kind="run.step_begun", body=note))
            )
        request = desk.file_for_agent(first=PUMP)
        desk.approve(request)
        desk.send(desk.due(request))
        carry_out(context, request)
        desk.end(request)
        desk.send(desk.effects(RecordEvent(subject=RUN.run_id, kind="run.completed", body=note)))
        for number in range(_PERSONS):
            written = desk.file(PUMP, number % 2 == 0)
            desk.approve(written)
            carry_out(context, written)
        assert _head(desk) > start


def _repeat(desk: Desk, story: Sequence[_Row], wanted: int) -> None:
    """Records rows again and again, each time with other ids, digests and nonces."""
    texts = [json.dumps(each) for each in story if not each[0].startswith(("gate.", "lease."))]
    with desk.decision_context.database.transaction(instant_now()) as transaction:
        while _head(desk) < wanted:
            rename = _Names()
            for text in texts:
                kind, subject, body = json.loads(_NEW.sub(rename, text))
                transaction.record(kind, subject, body)


class _Names:
    """Gives each id, digest and nonce another one of its length, always the same."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, found: re.Match[str]) -> str:
        name = found[0]
        if name not in self._names:
            is_id = name[1] == "-"
            other = f"{name[:2]}{token_hex(4).upper()}" if is_id else token_hex(len(name) // 2)
            self._names[name] = other
        return self._names[name]
