"""A row of the journal that does not say when: a lease counts from it as from an unknown moment."""

from collections.abc import Mapping

import pytest

from handwheel.hmi.requests.write_followup import notes_on_requests
from handwheel.playbooks.run.event_log import load_run
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.journal_rows import UNKNOWN, moment_of
from handwheel.tools.guardrails.ledger.runner_lock import take_runner_lock
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_rows, open_run, record_event
from handwheel.tools.guardrails.ledger.write_leases import left_s, written

from ...attacks.sql_shell import append_row
from ..testbed.with_oracle import Watched
from .test_expiry import in_lease

RUN = "U-00000009"
ODD: Mapping[str, Mapping[str, object]] = {
    "no time": {"at": None},
    "no boot clock": {"boot_s": None},
    "no boot": {"boot_id": None},
    "a time that is a number": {"at": 5},
    "a boot clock that is a text": {"boot_s": "x"},
    "a boot clock beyond all numbers": {"boot_s": 1e308},
    "a boot that is a list": {"boot_id": ["boot-1"]},
}


def append(
    room: Watched, kind: str, subject: str, change: Mapping[str, object], body: object
) -> None:
    append_row(room.desk.database, room.clock.now(), kind, subject, body, change)


@pytest.mark.parametrize("what", ODD)
async def test_a_lease_since_nobody_knows_when(room: Watched, what: str) -> None:
    request = await in_lease(room)
    database, now = room.desk.database, room.clock.now()
    states = {each.action_id: each.state for each in room.desk.record(request.request_id).actions}
    assert left_s(database, request, states, now) == pytest.approx(7200.0, abs=60.0)
    append(room, "action.VERIFIED", f"{request.request_id}/c1", ODD[what], {})
    assert written(database, request, states) == UNKNOWN
    assert left_s(database, request, states, now) is None  # and never 0: that it is over
    assert now.since_s(UNKNOWN) is None
    (notes,) = notes_on_requests(database, None, now).values()
    assert any("its lease" in each and "left" not in each for each in notes)


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", "{ }", chr(34) * 3])
def test_what_is_no_row_says_no_moment(text: str) -> None:
    assert moment_of(text) == UNKNOWN


@pytest.mark.parametrize("what", ["no time", "a time that is a number", "a list", "no body"])
async def test_a_run_with_an_odd_row_is_damaged_and_says_so(room: Watched, what: str) -> None:
    """Nobody can tell where it stands: the row may be the order to stop."""
    database = room.desk.database
    open_(room)
    assert [each.kind for each in load_rows(database, RUN)] == ["opened"]
    append(room, "lease.note", RUN, {"body": None}, {})  # about it, and no event of it
    assert [each.kind for each in load_rows(database, RUN)] == ["opened"]
    body: object = list[object]() if what == "a list" else {"order": 1}
    change = ODD.get(what, {"body": None} if what == "no body" else {})
    append(room, "run.ordered", RUN, change, body)
    seq = database.head()
    assert seq is not None
    words = f"^run {RUN} is damaged: row {seq.seq} of the journal is not written as it must be$"
    for read in (load_rows, load_run):
        with pytest.raises(LedgerError, match=words):
            read(database, RUN)


@pytest.mark.parametrize("order", [[], {}, "x"])
async def test_an_event_of_other_types_is_a_damaged_run(room: Watched, order: object) -> None:
    database = room.desk.database
    holder = open_(room)
    assert load_run(database, RUN).state == "CHECKING"
    record_event(database, RUN, "notified", {"order": order}, holder, room.clock.now())
    with pytest.raises(LedgerError, match=f"^run {RUN} is damaged: "):
        load_run(database, RUN)


def open_(room: Watched) -> str:
    """Opens a run, and returns who works on it."""
    database, now = room.desk.database, room.clock.now()
    holder = take_runner_lock(database, now)
    open_run(database, RunEntry(RUN, "cw/x", True), ["P-101A"], {}, holder, now)
    return holder
