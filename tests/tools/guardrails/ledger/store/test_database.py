"""Opening a ledger, changing it whole or not at all, and ending what has waited too long."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.tools.errors import InterlockActive, InvalidArguments, LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger import latched_lockouts as lockouts
from handwheel.tools.guardrails.ledger import lifecycle
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant, stamp

from .....gate.testbed.in_memory import Room
from .....sites.authority_site import later
from .....sites.people import SITE
from .....sites.signed_requests import NOW, request_of
from .sample_writes import contents

ACTION = request_of().commands[0]


def _request(name: str = "R-00000001", *actions: str, **changes: object) -> ActionRequest:
    commands = [
        ACTION.model_copy(update={"action_id": f"{name}/c{n}", "equipment": equipment})
        for n, equipment in enumerate(actions or ("P-101B",), start=1)
    ]
    fields: dict[str, object] = {"request_id": name, "proposal_key": f"the key of {name}"}
    return request_of(**fields | {"filed_at": stamp(NOW.wall), "commands": commands} | changes)


def _filed(ledger: Database, *moves: RequestState, request: ActionRequest | None = None) -> str:
    """Files a request and moves it, all at NOW; approved ones have their first command due."""
    request = request or _request()
    assert lifecycle.file_request(ledger, request, "", NOW)
    for to in moves:
        with ledger.transaction(NOW) as transaction:
            lifecycle.move_request(transaction, request.request_id, to, "the test says so")
            if to is RequestState.APPROVED:
                lifecycle.set_next_due(transaction, request.request_id)
    return request.request_id


def _states(ledger: Database, name: str) -> tuple[str, ...]:
    record = load_request(ledger, name)
    return (record.state, *(each.state for each in record.actions))


def test_a_proposal_is_filed_once_and_is_over_where_the_policy_denies_it(ledger: Database) -> None:
    name = _filed(ledger)
    again = _request("R-00000002", proposal_key=_request().proposal_key)
    rows = len(list(ledger.journal()))
    assert not lifecycle.file_request(ledger, again, "", NOW)
    assert len(list(ledger.journal())) == rows
    assert [row[0] for row in ledger.all("SELECT request_id FROM request")] == [name]
    assert lifecycle.file_request(ledger, _request("R-00000003"), "no rule allows it", NOW)
    assert _states(ledger, "R-00000003") == ("DENIED", "CANCELLED")
    assert load_request(ledger, "R-00000003").reason == "no rule allows it"


PENDING, PARTIAL, APPROVED = RequestState.PENDING, RequestState.PARTIAL, RequestState.APPROVED


@pytest.mark.parametrize(
    ("moves", "now", "states", "reason"),
    [
        ([], later(1800.0), ("PENDING", "PLANNED"), "the policy allows asking"),
        ([], later(1800.1), ("EXPIRED", "CANCELLED"), "no decision within 1800 s"),
        ([PARTIAL], later(1800.1), ("EXPIRED", "CANCELLED"), "no decision within 1800 s"),
        ([], later(5.0, wall_s=2.1), ("INVALIDATED",) * 2, "a restart or a clock step"),
        ([], later(5.0, wall_s=1.9), ("PENDING", "PLANNED"), "the policy allows asking"),
        ([], later(5.0, boot="other"), ("INVALIDATED",) * 2, "a restart or a clock step"),
        ([APPROVED], later(10.0), ("APPROVED", "DUE"), "the test says so"),
        ([APPROVED], later(10.1), ("INVALIDATED",) * 2, "no gate took it up within 10 s"),
        ([APPROVED], later(5.0, boot="other"), ("INVALIDATED",) * 2, "the machine was restarted"),
        ([RequestState.REJECTED], later(9999.0), ("REJECTED", "CANCELLED"), "the test says so"),
    ],
)
def test_what_waits_too_long_ends(
    ledger: Database, moves: list[RequestState], now: Instant, states: tuple[str], reason: str
) -> None:
    name = _filed(ledger, *moves)
    for _ in range(2):
        lifecycle.sweep(ledger, now)
        assert _states(ledger, name) == states
        assert load_request(ledger, name).reason.startswith(reason)


def test_commands_come_due_one_by_one_and_are_not_swept_away_in_flight(ledger: Database) -> None:
    name = _filed(ledger, APPROVED, request=_request("R-00000003", "P-101B", "P-101A"))
    with ledger.transaction(NOW) as transaction:
        lifecycle.set_next_due(transaction, name)  # only after a verified one
    assert _states(ledger, name) == ("APPROVED", "DUE", "PLANNED")
    with ledger.transaction(NOW) as transaction:
        lifecycle.move_action(transaction, f"{name}/c1", ActionState.DUE, ActionState.CLAIMED, "")
    lifecycle.sweep(ledger, later(60.0))
    assert _states(ledger, name) == ("APPROVED", "CLAIMED", "PLANNED")
    assert lifecycle.invalidate(ledger, "the wall clock was set", later(61.0)) == [name]
    assert _states(ledger, name) == ("INVALIDATED", "CLAIMED", "INVALIDATED")


def test_two_commands_that_nobody_takes_up_end_together(ledger: Database) -> None:
    name = _filed(ledger, APPROVED, request=_request("R-00000003", "P-101B", "P-101A"))
    with ledger.transaction(NOW) as transaction:
        to = ActionState.DUE
        lifecycle.move_action(transaction, f"{name}/c2", ActionState.PLANNED, to, "")
    lifecycle.sweep(ledger, later(10.1))
    assert _states(ledger, name) == ("INVALIDATED", "INVALIDATED", "INVALIDATED")


def test_a_lockout_ends_what_it_covers_and_counts(ledger: Database) -> None:
    names = [
        _filed(ledger, request=_request("R-00000004", "P-101A")),
        _filed(ledger, request=_request("R-00000005", "P-101B")),
        _filed(ledger, request=_request("R-00000006", "P-101B", "P-101A")),
    ]
    assert lockouts.latch(ledger, "P-101A", ["P-101A"], NOW) == [names[0], names[2]]
    assert lockouts.latch(ledger, "P-101A", ["P-101A"], NOW) == []
    assert lockouts.locked_scopes(ledger) == {"P-101A": 1}
    assert lockouts.lockout_generations(ledger, ["site", "P-101A"]) == {"site": 0, "P-101A": 1}
    assert lockouts.latch(ledger, "site", None, NOW) == [names[1]]
    with pytest.raises(LostRace), ledger.transaction(NOW) as transaction:
        lockouts.release(transaction, "P-101A", 2, None)
    with pytest.raises(LedgerError, match="signed release"), ledger.transaction(NOW) as transaction:
        lockouts.release(transaction, "P-101A", 1, None)
    assert lockouts.locked_scopes(ledger) == {"P-101A": 1, "site": 1}


async def test_a_release_brings_nothing_back_from_before_it(room: Room) -> None:
    desk = room.desk
    room.watch()  # latches the lockout of P-101B
    with pytest.raises(InterlockActive, match="locked out: P-101B"):
        desk.propose(("P-101B.run_cmd", True))
    waiting, _ = desk.request([("P-101B.reset", True)])
    assert lifecycle.file_request(desk.database, waiting, "", room.clock.now())  # past the desk
    elsewhere = desk.propose(("P-101A.mode", 0))
    desk.approve(elsewhere, "anna")
    desk.release("P-101B")
    ended = desk.record(waiting.request_id)
    assert ended.state == "INVALIDATED"
    assert ended.reason == "it was asked for during the lockout of P-101B"
    assert desk.record(elsewhere.request_id).state == "PARTIAL"


async def test_an_approval_after_a_restart_of_the_machine_does_not_count(room: Room) -> None:
    request = room.desk.propose(("PIC-102.sp", 340.0))
    room.clock.reboot()
    with pytest.raises(PermitRefused, match="a restart or a clock step came after"):
        room.desk.approve(request)
    assert room.desk.record(request.request_id).state == "PENDING"
    room.watch()
    assert room.desk.record(request.request_id).state == "INVALIDATED"


KINDS_OF_ERROR = [KeyError, KeyboardInterrupt, LedgerError]


@pytest.mark.parametrize("error", KINDS_OF_ERROR)
def test_an_error_inside_undoes_memory_and_file_together(
    tmp_path: Path, ledger: Database, error: type[BaseException]
) -> None:
    name = _filed(ledger)
    before, rows = contents(ledger.tables), list(ledger.journal())
    told: list[object] = []
    ledger.on_commit.append(told.append)
    with pytest.raises(error):
        _fail(ledger, name, error)
    assert (contents(ledger.tables), list(ledger.journal())) == (before, rows)
    assert (ledger.head(), told) == (rows[-1], [])
    assert ledger.anchors.lines() == [f"{row.seq} {row.hash}" for row in rows]
    ledger.close()
    with Database(tmp_path, SITE) as anew:
        assert (contents(anew.tables), list(anew.journal())) == (before, rows)


def _fail(ledger: Database, name: str, error: type[BaseException]) -> None:
    with ledger.transaction(NOW) as outer:
        lifecycle.move_request(outer, name, RequestState.REJECTED, "the test says so")
        with ledger.transaction(NOW) as inner:  # is part of the outer one
            inner.record("note", name, {})
        assert outer is inner
        assert len(outer.rows) == 3
        assert _states(ledger, name) == ("REJECTED", "CANCELLED")
        raise error


def test_what_is_committed_is_told_when_it_cannot_be_anchored(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    ledger.on_commit.append(told.append)

    def write_nothing(_file: int, _data: bytes) -> int:
        return 0

    monkeypatch.setattr(os, "write", write_nothing)
    with pytest.raises(LedgerError, match="not anchored"):
        _filed(ledger)
    assert told == [list(ledger.journal(after=1))]


def test_a_full_disk_undoes_memory_and_file_together(tmp_path: Path, ledger: Database) -> None:
    name = _filed(ledger)
    before, rows = contents(ledger.tables), list(ledger.journal())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        for _ in range(2):
            with pytest.raises(LedgerError, match="is the disk full, or broken"):
                _reject(ledger, name)
            assert (contents(ledger.tables), list(ledger.journal())) == (before, rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    _reject(ledger, name)
    assert _states(ledger, name) == ("REJECTED", "CANCELLED")
    after = list(ledger.journal())
    ledger.close()
    with Database(tmp_path, SITE) as anew:
        assert _states(anew, name) == ("REJECTED", "CANCELLED")
        assert list(anew.journal()) == after


def _reject(ledger: Database, name: str) -> None:
    with ledger.transaction(NOW) as transaction:
        lifecycle.move_request(transaction, name, RequestState.REJECTED, "the test says so")


def test_what_has_returned_is_there_after_a_kill_and_what_has_not_is_not(tmp_path: Path) -> None:
    program = (
        "import os, signal\nfrom pathlib import Path\n"
        "from handwheel.tools.guardrails.ledger.store.database import Database\n"
        f"ledger = Database(Path({str(tmp_path)!r}), {SITE!r})\n"
        "with ledger.transaction() as done:\n    done.record('note', 'done', {})\n"
        "with ledger.transaction() as under_way:\n    under_way.record('note', 'not done', {})\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Database(tmp_path, SITE) as ledger:
        rows = [row.fields for row in ledger.journal()]
        assert [row["subject"] for row in rows] == [SITE, "done"]


def test_every_failure_is_a_ledger_error(ledger: Database) -> None:
    for question in ("SELECT nothing FROM nowhere", "no question at all"):
        with pytest.raises(LedgerError):
            ledger.all(question)
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.all("SELECT 1")


def test_a_ledger_that_refuses_changes_can_be_read(tmp_path: Path, ledger: Database) -> None:
    name = _filed(ledger)
    ledger.close()
    with Database(tmp_path, SITE, read_only=True) as read:
        with pytest.raises(LedgerError, match="readonly database"):
            lifecycle.sweep(read, later(1900.0))
        assert _states(read, name) == ("PENDING", "PLANNED")


def test_a_request_is_named_by_its_beginning(ledger: Database) -> None:
    for n in (11, 12):
        _filed(ledger, request=_request(f"R-000000{n}"))
    assert load_request(ledger, "r-00000012/c1").request.request_id == "R-00000012"
    for name, reason in (("", "no request"), ("R-2", "no"), ("R-0", "R-00000011, R-00000012")):
        with pytest.raises(InvalidArguments, match=reason):
            load_request(ledger, name)
