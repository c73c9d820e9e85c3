"""Summary at the end of the demo, with its frames compared to the approvals."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.runs import load_rows, load_runs
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.maintenance.work_order_database import WorkOrders

from ...journal.rows.row_line import audit_line
from ...people.signing import open_context
from .processes import DemoSystem
from .runs import RunFollower
from .timeline import DEMO_TAGS, Timeline, clock_text


@dataclass(frozen=True, slots=True)
class Proof:
    """Result of the comparison."""

    lines: tuple[str, ...]
    is_sound: bool  # whether every frame was approved, and nothing is wrong with the journal


@dataclass(frozen=True, slots=True)
class _Sent:
    """One action whose intent is recorded, and who approved it."""

    at: str
    wire: str
    meant: str


def prove(site: Site, frame_log: Path) -> Proof:
    """Compares the plant's frame log with the approvals, and verifies the journal."""
    with open_context(site) as context:
        frames, is_matched = _frames(context, frame_log)
        report = audit(context.database, site, context.roster, context.policy.satisfied)
        lines = [
            "Frames that reached the plant (UTC), with the approved value and the approver:",
            *(frames or ["  none"]),
            *_expected_results(context),
            *_workorders(site),
            f"journal verify: {audit_line(report)}",
            *(f"  {fault}" for fault in report.faults),
        ]
    is_sound = is_matched and not report.faults
    if not is_sound:
        lines.append("FAULT: see above")
    return Proof(tuple(lines), is_sound)


def _frames(context: DecisionContext, frame_log: Path) -> tuple[list[str], bool]:
    sent = sorted(_sent(context), key=lambda each: each.at)
    lines: list[str] = []
    is_matched = True
    for line in frame_log.read_text(encoding="utf-8").splitlines():
        frame = json.loads(line)
        wire = f"{frame['unit']:02x}{frame['pdu']}" if "pdu" in frame else str(frame["body"])
        action = next((each for each in sent if each.wire == wire), None)
        if action is None:
            is_matched = False
        else:
            sent.remove(action)
        meant = action.meant if action else "NOT APPROVED"
        lines.append(f"  {frame['wall'][11:19]}  {wire}  {meant}")
    return lines, is_matched


def _sent(context: DecisionContext) -> Iterator[_Sent]:
    for record in load_requests(context.database):
        request_id = record.request.request_id
        people = ", ".join(_approvers(context, request_id)) or "no one"
        for each in record.actions:
            if each.sent_at is not None:
                action = record.action(each.action_id)
                kind = "" if action.kind == "command" else " (recovery)"
                value = f"{action.tag} = {action.shown} {action.unit}".rstrip()
                meant = f"{value}{kind}, by {people}"
                yield _Sent(each.sent_at, action.wire, meant)


def _approvers(context: DecisionContext, request_id: str) -> Iterator[str]:
    for each in load_decisions(context.database, request_id):
        if each.verdict == "approve":
            decision = parse_decision(each.text)
            yield decision.person if decision.attended else f"{decision.person} (unattended)"


def _expected_results(context: DecisionContext) -> Iterator[str]:
    kept = [
        bool(row.body["kept"])
        for run in load_runs(context.database)
        for row in load_rows(context.database, run.run_id)
        if row.kind == "expected"
    ]
    if kept:
        yield f"Expected results that were met: {sum(kept)} of {len(kept)}"


def _workorders(site: Site) -> Iterator[str]:
    with WorkOrders(site.state) as workorders:
        for each in workorders.all():
            yield f"Work order {each.workorder_id}, {each.asset}, priority {each.priority}:"
            yield f"  {each.title}"


_WIDTH = 80
_AFTER_TIME = 9


def folded(line: str) -> Iterator[str]:
    """Yields a line that begins with a time as rows of at most 80 columns."""
    yield from textwrap.wrap(
        line, _WIDTH, subsequent_indent=" " * _AFTER_TIME, break_on_hyphens=False,
        replace_whitespace=False,
    )  # fmt: skip


def print_summary(
    system: DemoSystem, timeline: Timeline, runs: RunFollower, console: Console
) -> bool:
    """Prints timeline, frame comparison and conclusion.

    Returns whether every frame was approved, and nothing is wrong with the journal.
    """
    print("\nTimeline, in plant time:")
    for entry in timeline.entries:
        subject = f"{entry.subject:15} " if entry.subject in DEMO_TAGS else ""
        line = f"  {clock_text(entry.time_s)}  {subject}{entry.text}"
        print(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1].rstrip()}…")
    proof = prove(system.site, system.frame_log)
    print()
    for line in proof.lines:
        print(line)
    shown = runs.find(system.scenario.shown)
    conclusion = system.scenario.conclusion(timeline, shown.run.state if shown else None)
    width = console.width - 1
    is_wrapped = console.is_terminal
    if is_wrapped:
        conclusion = textwrap.fill(conclusion, width, break_on_hyphens=False)
    print(f"\n{conclusion}")
    return proof.is_sound
