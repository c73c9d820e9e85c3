"""A client of a gate in its own process: `python -m tests.soak.ledger_clients KIND SITE FILE …`.

It works until its standard input ends, and then writes number and hash of every row that it has
had into the file.
"""

import asyncio
import json
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from time import monotonic

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.people.signing import context_of
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.messages.agents import Effects, Operation
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.approval.messages.run_requests import EndRequest, FileSegment
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.client.event_stream import EventStream
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import ActionRequest, RunOrigin
from handwheel.tools.requests.timestamps import instant_now

from ..kill.site import PLAYBOOK

_LOOK_S = 0.2  # as the console
_AT_LEAST_S = 1.0  # as the console
_EVENT_S = 2.0
_EVENTS_OF_CASE = 8
_EVENTS_OF_REQUEST = 10
_OPEN_FOR = 4  # events
_TO_END_S = 20.0
_TAG, _VALUE = "P-101B.run_cmd", True
_AGENT = Proposer(kind="agent", name="playbook runner")

Rows = list[tuple[int, str]]


class _Copy(GateClient):
    """A client that keeps what it has had."""

    def __init__(self, site: Site) -> None:
        self.rows: Rows = []
        super().__init__(site.state, site.id)

    def _apply(self, row: JournalRow) -> None:
        before = self._seq
        super()._apply(row)
        if self._seq != before:
            self.rows.append((row.seq, row.hash))

    def has_all(self) -> bool:
        return self.version() >= int(self.status()["head"])


def _ticks() -> Iterator[None]:
    """Comes five times a second, until standard input ends."""
    while not select.select([sys.stdin], [], [], _LOOK_S)[0]:
        yield


def _to_end(client: _Copy) -> None:
    until_s = monotonic() + _TO_END_S
    while not client.has_all() and monotonic() < until_s:
        client.wait(_LOOK_S)


def terminal(site: Site) -> Rows:
    """Redraws as the console does: when something has changed, and once a second."""
    with _Copy(site) as client:
        client.follow()
        changes, drawn, drawn_s = ChangeTracker(site, client), -1, 0.0
        for _ in _ticks():
            version = client.version()
            if version != drawn or monotonic() - drawn_s >= _AT_LEAST_S:
                changes.updates(instant_now())
                drawn, drawn_s = version, monotonic()
        _to_end(client)
        return client.rows


def agent(site: Site, holder: str, number: int) -> Rows:
    """Records events of cases, and files and ends requests."""
    with _Copy(site) as client:
        client.follow()
        count, at_s, filed = 0, monotonic() + _EVENT_S * number / 5, ""
        for _ in _ticks():
            client.version()
            if monotonic() < at_s:
                continue
            at_s += _EVENT_S
            operations: list[Operation] = [_case_event(number, count)]
            place = (count + 2 * number) % _EVENTS_OF_REQUEST  # a few at once, not all
            if place == 0:
                request = _request(site, client)
                filed = request.request_id
                operations.append(FileSegment(request=request))
            elif place == _OPEN_FOR and filed:
                operations.append(EndRequest(request_id=filed, reason="soak"))
            client.submit(Effects(site=site.id, holder=holder, operations=tuple(operations)))
            count += 1
        _to_end(client)
        return client.rows


def _case_event(agent: int, count: int) -> RecordEvent:
    place = count % _EVENTS_OF_CASE
    kind = {0: "opened", _EVENTS_OF_CASE - 1: "closed"}.get(place, "joined")
    body = {"condition": "VT-101A.pv > 4.5 mm/s", "playbook": "", "deviation": f"D-{place}"}
    name = f"C-{agent:02}{count // _EVENTS_OF_CASE:06}"
    return RecordEvent(subject=name, kind=f"case.{kind}", body=body)


def _request(site: Site, client: GateClient) -> ActionRequest:
    context = context_of(site, client)
    building = BuildContext(site, context.policy, cross_limits(site, context.policy))
    playbook, version, digest, roles = PLAYBOOK
    run = RunOrigin(
        run_id="U-00000001", playbook=playbook, version=version, digest=digest, parameters=roles,
        segment=1, max_duration_s=3600.0,
    )  # fmt: skip
    segment = Segment(
        run=run,
        commands=(Command(ProposedWrite(site.tags[_TAG], _VALUE), "start"),),
        recovery=(Recovery(ProposedWrite(site.tags[_TAG], not _VALUE), "back", (), 0),),
        evidence=(), roles=("operator",), within_s=900.0, proposal_key=token_hex(16),
        reason="soak",
    )  # fmt: skip
    writes = [write.tag for write in segment.writes]
    seen = asyncio.run(survey(site, tags_of_segment(building, segment), writes))
    locks = lockout_generations(context.database, scopes_of_segment(site, segment))
    request, denial = make_segment(building, segment, seen, _AGENT, locks, instant_now())
    assert denial is None, denial
    return request


def tail(site: Site) -> Rows:
    """Takes the stream as it comes, without a copy that would reject what comes twice."""
    rows: Rows = []

    def note(found: object) -> None:
        if isinstance(found, JournalRow):
            rows.append((found.seq, found.hash))

    stream = EventStream(site.state, 0, note)
    with _Copy(site) as client:
        for _ in _ticks():
            pass
        until_s, head = monotonic() + _TO_END_S, client.status()["head"]
        while (not rows or rows[-1][0] < head) and monotonic() < until_s:
            stream.wait(_LOOK_S)
    stream.close()
    return rows


def main() -> None:
    kind, folder, file, *more = sys.argv[1:]
    site = load_site(Path(folder))
    print(json.dumps({"ready": kind, "pid": os.getpid()}), flush=True)
    match kind:
        case "terminal":
            rows = terminal(site)
        case "agent":
            rows = agent(site, more[0], int(more[1]))
        case _:
            rows = tail(site)
    Path(file).write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
