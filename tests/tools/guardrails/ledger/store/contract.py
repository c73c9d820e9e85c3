"""What docs/reference/ledger.md asks of a store, rule by rule, put to whatever store there is.

A store is proved by giving `Stores` for it and running every check of `CHECKS` on a new ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.lifecycle import move_action, move_request
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.store.journal import chain_faults
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from .....attacks.ledger_writes import way
from .....auditor.checks.requests import ACTION, REQUEST
from .....sites.signed_requests import NOW, head_of
from .sample_writes import approve, contents, file, move, refused, start_gate

Work = Callable[[Database], object]


@dataclass(frozen=True)
class Stores:
    """One ledger of the store under test, empty but for its first row.

    Attributes:
        open: Opens another handle on it, as another process does.
        open_for: The same for a site of another name.
        killed: Does work on a handle in a process of its own, keeps what that returns, and kills
            the process.
        remember: Keeps the ledger as it is, without its anchors, and returns what puts it back;
            nobody has it open then.
    """

    open: Callable[[], Database]
    open_for: Callable[[str], Database]
    killed: Callable[[Work], None]
    remember: Callable[[], Callable[[], None]]


RELEASE = (
    "INSERT INTO decision(verdict, subject, nonce, text, signature) "
    "VALUES ('release', 'lockout:P-101B:{0}', 'n{0}', 't{0}', 's')"
)
Check = Callable[[Stores], None]
CHECKS: dict[str, list[Check]] = {}
"""The checks of each rule."""


def rule(name: str) -> Callable[[Check], Check]:
    def added(check: Check) -> Check:
        CHECKS.setdefault(name, []).append(check)
        return check

    return added


# --- the rules --------------------------------------------------------------------------------


@rule("L1")
def a_change_that_changes_nothing_undoes_all_of_it(stores: Stores) -> None:
    with stores.open() as one, stores.open() as other:
        name = approve(one)
        rows = len(list(one.journal()))
        move(other, f"{name}/c1", "DUE")
        with pytest.raises(LostRace):
            _skip(one, f"{name}/c1")
        assert [row.fields["kind"] for row in one.journal(after=rows)] == ["action.DUE"]


def _skip(database: Database, action_id: str) -> None:
    with database.transaction(NOW) as transaction:
        transaction.record("test", "", {})
        move_action(transaction, action_id, ActionState.PLANNED, ActionState.SKIPPED, "too late")


@rule("L2")
def a_row_of_the_journal_and_what_it_tells_of_come_together(stores: Stores) -> None:
    with stores.open() as database:
        name, rows = file(database), list(database.journal())
        for error in (KeyError, KeyboardInterrupt, LedgerError):
            with pytest.raises(error):
                _reject(database, name, error)
        assert list(database.journal()) == rows
        assert database.anchors.lines() == [f"{row.seq} {row.hash}" for row in rows]
        assert database.all("SELECT state FROM request")[0][0] == "PENDING"
        _reject(database, name, None)
        told = [row.fields["kind"] for row in database.journal(after=len(rows))]
        assert told == ["request.REJECTED", "action.CANCELLED", "action.CANCELLED"]


def _reject(database: Database, name: str, error: type[BaseException] | None) -> None:
    with database.transaction(NOW) as transaction:
        move_request(transaction, name, RequestState.REJECTED, "a test")
        if error is not None:
            raise error


@rule("L3")
def no_request_moves_where_no_way_leads(stores: Stores) -> None:
    statement = "UPDATE request SET state = ? WHERE request_id = ?"
    with stores.open() as database:
        for number, state in enumerate(("PENDING", "APPROVED", "CLOSED"), start=1):
            name = file(database, number)
            for each in way(REQUEST, "PENDING", state):
                with database.transaction(NOW) as transaction:
                    move_request(transaction, name, RequestState(each), "a test")
            for to in REQUEST.keys() - set(REQUEST[state].split()):
                assert "illegal transition" in refused(database, statement, to, name)


@rule("L3")
def no_action_moves_where_no_way_leads_or_is_changed_or_begins_elsewhere(stores: Stores) -> None:
    statement = "UPDATE action SET state = ? WHERE action_id = ?"
    with stores.open() as database:
        name, epoch = approve(database), start_gate(database)
        action = f"{name}/c1"
        for state in ("PLANNED", "DUE", "CLAIMED", "SENDING", "UNKNOWN", "RESOLVED_APPLIED"):
            if state != "PLANNED":
                move(database, action, state, epoch=epoch)
            for to in ACTION.keys() - set(ACTION[state].split()):
                assert refused(database, statement, to, action)
        on = "UPDATE action SET state = 'DUE', {} WHERE action_id = ?"
        columns = "tag", "equipment", "position", "kind", "action_id", "request_id"
        for column in columns:
            why = refused(database, on.format(f"{column} = '9'"), f"{name}/c2")
            assert "an action never changes" in why or column == "request_id"
        on = "UPDATE request SET state = 'CLOSED', {} WHERE request_id = ?"
        columns = "text", "digest", "proposal_key", "request_id", "filed_boot_id", "filed_boot_ms"
        for column in columns:
            why = refused(database, on.format(f"{column} = '9'"), name)
            assert "a request never changes" in why, column
        begun = (
            "INSERT INTO action(action_id, request_id, position, kind, equipment, tag, state) "
            "VALUES ('x', ?, 7, 'command', '', '', 'DUE')"
        )
        assert "starts as PLANNED" in refused(database, begun, name)


@rule("L4")
def an_intent_is_there_once_after_the_claim_and_before_the_frame(stores: Stores) -> None:
    intent = "INSERT INTO intent VALUES (?, '00', ?, 1)"
    with stores.open() as database:
        name, epoch = approve(database), start_gate(database)
        action = f"{name}/c1"
        move(database, action, "DUE")
        assert "not claimed" in refused(database, intent, action, epoch)
        move(database, action, "CLAIMED")
        sending = "UPDATE action SET state = 'SENDING' WHERE action_id = ?"
        assert "no intent" in refused(database, sending, action)
        move(database, action, "SENDING", epoch=epoch)
        assert "such a row is there" in refused(database, intent, action, epoch)
        move(database, action, "VERIFIED")
        assert refused(database, intent, action, epoch)


@rule("L5")
def nothing_that_was_recorded_is_changed_taken_out_or_replaced(stores: Stores) -> None:
    with stores.open() as database:
        name, epoch = approve(database), start_gate(database)
        move(database, f"{name}/c1", "DUE", "CLAIMED", "SENDING", epoch=epoch)
        with database.transaction(NOW) as transaction:
            transaction.change(RELEASE.format(1), ())
        keys = {"journal": "seq", "intent": "action_id", "decision": "number", "gate": "epoch"}
        for table, key in keys.items():
            value = database.all(f"SELECT {key} FROM {table}")[0][0]
            changes = f"UPDATE {table} SET {key} = {key} WHERE {key} = ?"
            assert "append-only" in refused(database, changes, value)
            assert "append-only" in refused(database, f"DELETE FROM {table} WHERE {key} = ?", value)
        for table in ("request", "action"):
            assert "never deleted" in refused(database, f"DELETE FROM {table} WHERE state != ''")


@rule("L6")
def a_row_of_the_journal_follows_the_last(stores: Stores) -> None:
    statement = "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)"
    with stores.open() as database:
        file(database)
        last = head_of(database)
        for seq in (last.seq, last.seq + 1, last.seq + 2, 0, -1):
            text = f'{{"kind":"test","prev":"{"0" * 64}","subject":""}}'
            assert refused(database, statement, seq, "ab" * 32, text)
        rows = list(database.journal())
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert chain_faults(rows, database.anchors.lines()) == []


@rule("L7")
def one_action_is_in_flight(stores: Stores) -> None:
    claim = "UPDATE action SET state = 'CLAIMED' WHERE action_id = ?"
    with stores.open() as one, stores.open() as other:
        name, epoch = approve(one), start_gate(one)
        first, second = f"{name}/c1", f"{name}/c2"
        move(one, first, "DUE", "CLAIMED")
        move(one, second, "DUE")
        assert "in flight" in refused(other, claim, second)
        move(one, first, "SENDING", epoch=epoch)
        assert "in flight" in refused(other, claim, second)
        move(one, first, "VERIFIED")
        move(other, second, "CLAIMED")


@rule("L8")
def nothing_of_a_request_that_is_not_approved_is_due_or_claimed(stores: Stores) -> None:
    with stores.open() as database:
        name = file(database)
        due = "UPDATE action SET state = 'DUE' WHERE action_id = ?"
        ends = "UPDATE request SET state = ? WHERE request_id = ?"
        assert "not approved" in refused(database, due, f"{name}/c1")
        claim = "UPDATE action SET state = 'CLAIMED' WHERE action_id = ?"
        for number, state in enumerate(("REVOKED", "INVALIDATED", "SUPERSEDED", "CLOSED"), start=2):
            name = approve(database, number)
            move(database, f"{name}/c1", "DUE")
            with database.transaction(NOW) as transaction:  # past what ends its actions with it
                transaction.change(ends, (state, name))
            assert "not approved" in refused(database, claim, f"{name}/c1")


@rule("L9")
def epochs_only_grow_and_the_newest_gate_alone_intends(stores: Stores) -> None:
    with stores.open() as one, stores.open() as other:
        name, old = approve(one), start_gate(one)
        move(one, f"{name}/c1", "DUE", "CLAIMED")
        new = start_gate(other)
        assert new > old
        intent = "INSERT INTO intent VALUES (?, '00', ?, 1)"
        for epoch in (old, new + 1):
            assert "another gate" in refused(one, intent, f"{name}/c1", epoch)
        move(other, f"{name}/c1", "SENDING", epoch=new)


@rule("L10")
def lockouts_and_authority_only_count_up(stores: Stores) -> None:
    with stores.open() as database:
        with database.transaction(NOW) as transaction:
            transaction.change("INSERT INTO lockout VALUES ('P-101B', 1, 1)", ())
            taken = "INSERT INTO authority VALUES ('P-101B', 1, 'OPERATOR', 'anna', NULL)"
            transaction.change(taken, ())
            transaction.change(RELEASE.format(2), ())
        unlock = "UPDATE lockout SET is_locked = 0"
        assert "only a signed release unlocks" in refused(database, unlock)
        for change in ("generation = 0", "generation = 3", "scope = 'site'"):
            assert refused(database, f"UPDATE lockout SET {change}")
        for change in ("mode = 'LOCAL'", "generation = 3", "equipment = 'site'"):
            assert refused(database, f"UPDATE authority SET {change}")
        for table in ("lockout", "authority"):
            assert "never deleted" in refused(database, f"DELETE FROM {table}")
        with database.transaction(NOW) as transaction:
            transaction.change(RELEASE.format(1), ())
            transaction.change(unlock, ())
            transaction.change("UPDATE authority SET generation = 2, mode = 'LOCAL'", ())


@rule("L11")
def what_has_returned_is_there_after_a_kill_and_what_has_not_is_not(stores: Stores) -> None:
    def returned(database: Database) -> None:
        file(database, 1)

    def under_way(database: Database) -> object:
        begun = database.transaction(NOW)
        transaction = begun.__enter__()
        transaction.record("test", "", {})
        transaction.change("UPDATE request SET state = 'APPROVED'", ())
        return begun  # dropped, it would end here

    stores.killed(returned)
    with stores.open() as database:
        rows = list(database.journal())
        assert [row.fields["kind"] for row in rows[1:]] == ["request.filed", "request.PENDING"]
        assert database.anchors.highest() == (len(rows), rows[-1].hash)
    stores.killed(under_way)
    with stores.open() as database:
        assert list(database.journal()) == rows
        assert database.all("SELECT state FROM request")[0][0] == "PENDING"
        move_on = approve(database, 2)
        move(database, f"{move_on}/c1", "DUE")


@rule("L12")
def an_older_ledger_in_its_place_is_not_opened(stores: Stores) -> None:
    with stores.open() as database:
        file(database, 1)
    put_back = stores.remember()
    put_back()
    with stores.open() as database:  # the same one is no older one
        file(database, 2)
    put_back()
    with pytest.raises(LedgerError, match="is not the one that was anchored"):
        stores.open()


@rule("L12")
def each_row_is_anchored_before_it_counts(stores: Stores) -> None:
    with stores.open() as database, stores.open() as other:
        for number in (1, 2):
            file(database, number)
            file(other, number + 2)
        rows = list(database.journal())
        assert database.anchors.lines() == [f"{row.seq} {row.hash}" for row in rows]
        other.check_anchors()


@rule("L13")
def who_writes_sees_what_was_committed_before(stores: Stores) -> None:
    with stores.open() as one, stores.open() as other:
        for number in range(1, 5):
            file((one, other)[number % 2], number)
        rows = list(one.journal())
        assert rows == list(other.journal())
        assert chain_faults(rows, one.anchors.lines()) == []
        with one.transaction(NOW) as transaction:
            assert transaction.one("SELECT count(*) FROM request") == 4
            transaction.record("test", "", {})
            assert len(list(other.journal())) == len(rows)  # and nobody sees it before
        assert len(list(other.journal())) == len(rows) + 1


@rule("L14")
def a_reader_sees_one_moment_and_holds_nobody_up(stores: Stores) -> None:
    with stores.open() as reader, stores.open() as writer:
        file(writer, 1)
        with reader.one_moment():
            before = (list(reader.journal()), contents(reader))
            file(writer, 2)
            assert (list(reader.journal()), contents(reader)) == before
        assert contents(reader) != before[1]


@rule("L15")
def a_ledger_is_of_one_site_and_unaltered(stores: Stores) -> None:
    stores.open().close()
    with pytest.raises(LedgerError, match="is the ledger of site"):
        stores.open_for("works-7")
    with stores.open() as database:
        database.check_schema()
        legal = "INSERT INTO legal_transition VALUES ('action', 'VERIFIED', 'DUE')"
        assert "fixed" in refused(database, legal)
        assert refused(database, "INSERT INTO meta VALUES ('works-7', '')")


@rule("L16")
def a_proposal_is_filed_once_and_an_asset_owned_once(stores: Stores) -> None:
    owns = "INSERT INTO run_asset(run_id, asset) VALUES (?, 'P-101B')"
    with stores.open() as one, stores.open() as other:
        name = file(one)
        same = (
            "INSERT INTO request(request_id, proposal_key, digest, text, filed_boot_id, "
            "filed_boot_ms) VALUES ('R-X', ?, 'd', 't', 'b', 1)"
        )
        assert refused(other, same, f"the key of {name}")
        with one.transaction(NOW) as transaction:
            for run in ("U-1", "U-2"):
                transaction.change("INSERT INTO run(run_id, playbook) VALUES (?, 'p')", (run,))
            transaction.change(owns, ("U-1",))
        assert refused(other, owns, "U-2")


@rule("L17")
def every_failure_is_a_ledger_error(stores: Stores) -> None:
    with stores.open() as database:
        for question in ("SELECT nothing FROM nowhere", "no question at all"):
            with pytest.raises(LedgerError):
                database.all(question)
            assert refused(database, question)
    with pytest.raises(LedgerError):
        database.all("SELECT 1")  # it is closed
