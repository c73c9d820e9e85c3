"""Opening a ledger, changing it whole or not at all, and ending what has waited too long."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from handwheel.tools.errors import InterlockActive, InvalidArguments, LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger import latched_lockouts as lockouts
from handwheel.tools.guardrails.ledger import lifecycle
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.store.schema import APPLICATION_ID
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant, stamp

from .....attacks.sql_shell import without_triggers
from .....gate.testbed.in_memory import Room
from .....sites.authority_site import later
from .....sites.people import SITE
from .....sites.signed_requests import NOW, request_of

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


def test_what_is_no_ledger_of_ours_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tables, ours = "CREATE TABLE journal(seq, hash, text);", "PRAGMA application_id ="
    cases: list[tuple[bytes | str, str]] = [
        (tables, "is another program's database"),
        (f"{tables} PRAGMA user_version = 2;", "is another program's database"),
        (f"{tables} {ours} 7;", "is another program's database"),
        (f"{tables} {ours} {APPLICATION_ID};", "is another program's database"),
        ("PRAGMA user_version = 8;", "is a ledger of version 8, not 7"),
        (b"no database at all" * 100, r"ledger\.db: file is not a database"),
        (b"SQLite format 3\0" * 100, r"ledger\.db: file is not a database"),
    ]
    for number, (content, reason) in enumerate(cases):
        path = tmp_path / str(number) / "ledger.db"
        if "version 8" in reason:
            Database(path.parent, SITE).close()
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with closing(sqlite3.connect(path)) as other:
                other.executescript(content)
        before = path.read_bytes()
        with pytest.raises(LedgerError, match=reason):
            Database(path.parent, SITE)
        left = path.read_bytes()
        assert left[100:] == before[100:], content
        assert left == before or str(APPLICATION_ID) in str(content)  # but for the kind of log
    with Database(tmp_path, SITE) as database:
        for number in range(20):
            lifecycle.file_request(database, _request(f"R-0000{number:04d}"), "", NOW)
    whole = (tmp_path / "ledger.db").read_bytes()
    (tmp_path / "ledger.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match="malformed"):
        Database(tmp_path, SITE)


def test_a_ledger_that_refuses_changes_can_be_read(ledger: Database) -> None:
    name = _filed(ledger)
    ledger.refuse_changes()
    with pytest.raises(LedgerError, match="readonly database"):
        lifecycle.sweep(ledger, later(1900.0))
    assert _states(ledger, name) == ("PENDING", "PLANNED")


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"Not a directory|File exists"):
        Database(tmp_path / "file" / "var", SITE)
    (tmp_path / "var" / "ledger.db").mkdir(parents=True)
    with pytest.raises(LedgerError, match="unable to open"):
        Database(tmp_path / "var", SITE)


def test_a_request_with_a_damaged_text_is_one_clear_error(tmp_path: Path, ledger: Database) -> None:
    name = _filed(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as shell:
        with without_triggers(shell):
            shell.execute("UPDATE request SET text = replace(text, 'true', 'false')")
        assert not load_request(ledger, name).is_intact
        with without_triggers(shell):
            shell.execute("UPDATE request SET text = '{}'")
    with pytest.raises(LedgerError, match=f"request {name} is damaged"):
        load_request(ledger, name)


def test_a_request_is_named_by_its_beginning(ledger: Database) -> None:
    for n in (11, 12):
        _filed(ledger, request=_request(f"R-000000{n}"))
    assert load_request(ledger, "r-00000012/c1").request.request_id == "R-00000012"
    for name, reason in (("", "no request"), ("R-2", "no"), ("R-0", "R-00000011, R-00000012")):
        with pytest.raises(InvalidArguments, match=reason):
            load_request(ledger, name)
