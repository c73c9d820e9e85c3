"""The audit of runs: order, lifetimes, succession, and whether there was anything to take back."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ....attacks.journal_tampering import Rows, write_anew
from ....attacks.sql_shell import copy_ledger, shell_of
from ....gate.testbed.runner import (
    SAFE,
    SETPOINT,
    SETPOINT_BACK,
    START_BACK,
    Runner,
    command,
    recovery,
    segment_of,
)
from ....gate.testbed.with_oracle import Watched
from ....sites.in_memory import make_site

Tamper = Callable[[Rows, "Day"], None]


@dataclass(frozen=True)
class Day:
    """Two segments of a run: the first is done, the second takes everything back."""

    room: Watched
    first: ActionRequest
    second: ActionRequest
    folder: Path


@pytest.fixture(scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Day]:
    folder = tmp_path_factory.mktemp("runs")
    room = Watched(replace(make_site(folder), state=folder))
    await room.start_gate()
    runner, site = Runner(room), room.site
    first = runner.approved()
    await runner.carry_out(first, "c1", "c2", "r1")
    undo = recovery(site, START_BACK, f"{first.request_id}/c1", expects=True)
    second = runner.approved(
        segment_of(
            site, commands=(command(site, SETPOINT),), proposal_key="the second segment",
            recovery=(undo, recovery(site, SETPOINT_BACK, 0), recovery(site, SAFE)),
            supersedes=first.request_id,
        )
    )  # fmt: skip
    runner.skip(f"{second.request_id}/c1")
    room.plant.fault = "refused"
    await runner.carry_out(second, "r3", "r1")
    runner.end(second)
    assert runner.states(first) == "VERIFIED VERIFIED VERIFIED CANCELLED CANCELLED"
    assert runner.states(second) == "SKIPPED VERIFIED CANCELLED REFUSED"
    copy = tmp_path_factory.mktemp("copy")
    copy_ledger(folder, copy)
    yield Day(room, first, second, copy)
    room.close()


def _row(rows: Rows, kind: str, request: ActionRequest, action: str = "") -> dict[str, object]:
    subject = f"{request.request_id}{action}"
    return next(row for row in rows if (row["kind"], row["subject"]) == (kind, subject))


def _rows_of(rows: Rows, request: ActionRequest, action: str) -> Rows:
    return [row for row in rows if row["subject"] == f"{request.request_id}/{action}"]


def nothing(rows: Rows, day: Day) -> None:
    """Everything is as it was."""


def never_sent(*names: str) -> Tamper:
    def tamper(rows: Rows, day: Day) -> None:
        for name in names:
            for row in _rows_of(rows, day.first, name):
                rows.remove(row)

    return tamper


def later(action: str, seconds: float) -> Tamper:
    """The action is taken up so long after its approval, on both clocks."""

    def tamper(rows: Rows, day: Day) -> None:
        row = _row(rows, "action.CLAIMED", day.first, action)
        row["at"] = stamp(parse_stamp(str(row["at"])) + timedelta(seconds=seconds))
        row["boot_s"] = float(str(row["boot_s"])) + seconds

    return tamper


def not_handed_over(rows: Rows, day: Day) -> None:
    for row in [row for row in rows if row["kind"] == "authority.given"]:
        rows.remove(row)


def handed_over_until(end: str) -> Tamper:
    """Every hand-over ends then; that nobody has signed this is told besides."""

    def tamper(rows: Rows, day: Day) -> None:
        for row in [row for row in rows if row["kind"] == "authority.given"]:
            row["body"]["until"] = end

    return tamper


def rebooted(rows: Rows, day: Day) -> None:
    _row(rows, "action.CLAIMED", day.second, "/r3")["boot_id"] = "another"


def moved(kind: str, action: str, before: str, of: str) -> Tamper:
    def tamper(rows: Rows, day: Day) -> None:
        row = _row(rows, kind, day.first, action)
        rows.remove(row)
        rows.insert(rows.index(_row(rows, before, day.first, of)), row)

    return tamper


def refiled(of_second: bool, old: str, new: str) -> Tamper:
    """Another text was filed; that its digest does not fit is told besides."""

    def tamper(rows: Rows, day: Day) -> None:
        body = _row(rows, "request.filed", day.second if of_second else day.first)["body"]
        assert isinstance(body, dict)
        was = old.replace("FIRST", day.first.request_id)
        assert was in body["text"]
        body["text"] = body["text"].replace(was, new.replace("FIRST", day.first.request_id))

    return tamper


too_soon = moved("request.SUPERSEDED", "", "action.intent", "/r1")


def test_what_a_run_did_is_audited(day: Day, tmp_path: Path) -> None:
    for tamper, fault in [
        (nothing, ""),
        (never_sent("c1", "c2", "r1"), "/r3 was sent, and its run had sent nothing to undo"),
        (later("/c2", 3599.0), ""),
        (later("/c2", 3601.0), "/c2 was sent on an approval that had been given more than 3600 s"),
        (later("/c1", 61.0), "/c1 was sent on an approval that had been given more than 60 s"),
        (later("/r1", 9999.0), ""),
        (not_handed_over, "/c1 was sent for an agent, and P-101A was not granted"),
        (handed_over_until("2026-11-25T08:50:25.000Z"), "/c1 was sent for an agent, and P-101A"),
        (rebooted, "/r3 was sent on an approval that had been given before a restart"),
        (moved("action.DUE", "/c2", "action.VERIFIED", "/c1"), "/c1 before it was SENDING"),
        (moved("action.DUE", "/r1", "action.DUE", "/c2"), "/c2 was due, and R-"),
        (too_soon, "was sent while its request was SUPERSEDED"),
        (too_soon, "was superseded by no approved request of its run"),
        (refiled(False, "U-00000001", "U-00000002"), "to supersede another run's request"),
        (refiled(True, '"undoes":"FIRST/c1"', '"undoes":"FIRST/c2"'), "/r1 had undone"),
        (refiled(True, '"undoes":"FIRST/c1"', '"undoes":"FIRST/c2"'), "/c2, which wrote another"),
    ]:
        copy_ledger(day.folder, tmp_path)
        with shell_of(tmp_path) as shell:
            texts = shell.execute("SELECT text FROM journal ORDER BY seq").fetchall()
            rows: Rows = [parse_canonical(text) for (text,) in texts]
            tamper(rows, day)
            write_anew(tmp_path, shell, rows)
        context = day.room.desk.decision_context
        with Database(tmp_path, day.room.site.id) as database:
            found = audit(database, day.room.site, context.roster, context.policy.satisfies).faults
        if fault:
            assert any(fault in each for each in found), found
        elif tamper is nothing:
            assert found == (), tamper
        else:
            assert not any("approval that" in each for each in found), found
