"""The fold: what no row may say, and that every reader of the same rows has the same tables."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.fold import IllegalRow
from handwheel.tools.guardrails.ledger.store.journal import JournalRow, next_row
from handwheel.tools.guardrails.ledger.store.states import (
    ACTIONS,
    REQUESTS,
    ActionState,
    RequestState,
)
from handwheel.tools.guardrails.ledger.store.tables import Tables

from .....auditor.checks.requests import ACTION, REQUEST
from .....gate.testbed.in_memory import Room
from .....gate.testbed.runner import Runner
from .....gate.testbed.with_oracle import Watched
from .....sites.authority_site import later
from .....sites.in_memory import make_site
from .....sites.people import SITE
from .....sites.signed_requests import NOW, head_of, request_of, signed_by, site_word
from .sample_writes import approve, contents, file, move, opened, record, start_gate

PENDING, APPROVED, ENDED, PLANNED, CLAIMED, SENT = (f"R-0000000{n}" for n in range(1, 7))
NEW = request_of().request_id
RUN = {"playbook": "cw/x", "owns": ["P-101A"]}
RELEASE = site_word("release", "lockout:P-101B:1", "boss", role="administrator")
Body = Mapping[str, object]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Requests and actions in many states; the last one is in flight."""
    with opened(tmp_path_factory.mktemp("filled")) as database:
        file(database, 1)
        for number in (2, 3, 4, 5, 6):
            approve(database, number)
        start_gate(database)
        record(database, "request.REVOKED", ENDED, to="REVOKED", reason="")
        move(database, f"{SENT}/c1", "DUE", "CLAIMED", "SENDING", "UNKNOWN")
        move(database, f"{APPROVED}/c1", "DUE")
        move(database, f"{CLAIMED}/c1", "DUE", "CLAIMED")
        record(database, "lockout.latched", "P-101B", scope="P-101B", generation=1)
        given = {"generation": 1, "mode": "OPERATOR", "person": "anna"}
        record(database, "authority.taken", "P-101B", **given)
        record(database, "run.opened", "U-1", **RUN)
        record(database, "effect.CAME", f"{SENT}/c1", **_effect())
        yield database


def _effect(**changes: object) -> dict[str, object]:
    return {"number": 1, "expected": "x", "within_s": 1.0, "observed": "x"} | changes


def _to(state: str) -> Body:
    return {"to": state, "reason": "a test"}


def _filed(**changes: object) -> dict[str, object]:
    request = request_of(**changes)
    return {"text": request.text, "digest": request.digest}


def _says(person: str) -> Body:
    signed = signed_by(person)
    return {"text": signed.text, "signature": signed.signature, "card": "a card"}


ONE = _says("anna")
FILED_TWICE = _filed(proposal_key=f"the key of {PENDING}")
ILLEGAL: list[tuple[str, str, Any, str]] = [
    ("ledger.created", SITE, {}, "a ledger begins once"),
    ("request.filed", NEW, FILED_TWICE, "UNIQUE constraint failed: request.proposal_key"),
    ("request.filed", PENDING, _filed(), "UNIQUE constraint failed: request.request_id"),
    ("request.filed", NEW, {"text": "{}", "digest": ""}, "'commands'"),
    ("request.filed", NEW, {"text": "no", "digest": ""}, "expected ident"),
    ("request.filed", NEW, {"text": 7, "digest": ""}, "Expected bytes, bytearray or str"),
    ("request.filed", NEW, _filed() | {"digest": []}, "type 'list' is not supported"),
    ("request.APPROVED", NEW, _to("APPROVED"), "a request does not go from None"),
    ("request.PENDING", ENDED, _to("PENDING"), "a request does not go from REVOKED to PENDING"),
    ("request.CLOSED", PENDING, _to("CLOSED"), "a request does not go from PENDING to CLOSED"),
    ("request.GONE", PENDING, _to("GONE"), "a request does not go from PENDING to GONE"),
    ("action.DUE", f"{PENDING}/c1", _to("DUE"), "the request is not approved"),
    ("action.DUE", f"{ENDED}/c1", _to("DUE"), "the request is not approved"),
    ("action.DUE", f"{PLANNED}/c9", _to("DUE"), "an action does not go from None to DUE"),
    ("action.CLAIMED", f"{PLANNED}/c1", _to("CLAIMED"), "from PLANNED to CLAIMED"),
    ("action.CLAIMED", f"{APPROVED}/c1", _to("CLAIMED"), "one_action_in_flight"),
    ("action.SENDING", f"{CLAIMED}/c1", _to("SENDING"), "no intent is recorded"),
    ("action.SENDING", f"{SENT}/c1", _to("SENDING"), "from UNKNOWN to SENDING"),
    ("action.VERIFIED", f"{CLAIMED}/c1", _to("VERIFIED"), "from CLAIMED to VERIFIED"),
    ("action.DUE", f"{SENT}/c1", _to("DUE"), "an action does not go from UNKNOWN to DUE"),
    ("action.intent", f"{APPROVED}/c1", {"wire": "00"}, "the action is not claimed"),
    ("action.intent", f"{SENT}/c1", {"wire": "00"}, "the action is not claimed"),
    ("decision", PENDING, {"text": "[]", "signature": ""}, "list indices must be integers"),
    ("decision", PENDING, {"text": "no", "signature": ""}, "expected ident"),
    ("shift.handed_over", "", {"ended": ONE, "taken": ONE, "card": ""}, "decision.nonce"),
    ("gate.started", "1", {"epoch": 1, "pid": 1}, "UNIQUE constraint failed: gate.epoch"),
    ("gate.started", "2", {"epoch": 10**30, "pid": 1}, "too large"),
    ("lockout.latched", "P-101B", {"scope": "P-101B", "generation": 1}, "a lockout counts up"),
    ("lockout.latched", "site", {"scope": "site", "generation": 2}, "a lockout counts up"),
    ("lockout.released", "P-101B", {"scope": "P-101B", "generation": 1}, "only a signed release"),
    ("authority.given", "P-101B", {"generation": 1}, "authority counts up"),
    ("run.opened", "U-1", RUN, "UNIQUE constraint failed: run.run_id"),
    ("run.opened", "U-2", RUN | {"ancestors": []}, "'uses'"),
    ("run.completed", "U-2", {}, "there is no U-2"),
    ("effect.CAME", f"{SENT}/c1", _effect(), "effect.number"),
    ("effect.CAME", f"{SENT}/c1", _effect(number="two"), "cannot store TEXT value"),
    ("lease.taken", "runs", {"holder": "me"}, "'pid'"),
    ("lease.seen_back", f"{PLANNED}/c9", {}, f"there is no {PLANNED}/c9"),
    ("request.CLOSED", APPROVED, [], "list indices must be integers"),
]


@pytest.mark.parametrize(
    ("kind", "subject", "body", "reason"),
    ILLEGAL,
    ids=[f"{number} {each[0]}" for number, each in enumerate(ILLEGAL)],
)
def test_an_illegal_row_is_refused_and_leaves_the_tables_as_they_were(
    filled: Database, kind: str, subject: str, body: Any, reason: str
) -> None:
    """In the gate, and in every copy."""
    before, head = contents(filled.tables), head_of(filled)
    refusal = pytest.raises(IllegalRow, match=rf"^row {head.seq + 1} \({kind}\): .*")
    with refusal as found, filled.transaction(NOW) as transaction:
        transaction.record(kind, subject, body)
    assert reason in str(found.value)
    assert (contents(filled.tables), filled.head()) == (before, head)
    copy = Tables.of_image(filled.tables.image())
    with refusal as found:
        copy.apply(next_row(head, NOW, kind, subject, body))
    assert reason in str(found.value)
    assert contents(copy) == before
    copy.close()


def test_a_row_that_the_transaction_survives_has_changed_nothing(filled: Database) -> None:
    before, head = contents(filled.tables), head_of(filled)
    with filled.transaction(NOW) as transaction, suppress(IllegalRow):
        transaction.record("run.opened", "U-2", {**RUN, "ancestors": []})
    assert (contents(filled.tables), filled.head()) == (before, head)


def test_what_is_illegal_in_one_state_is_legal_in_the_next(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        name = approve(database)
        start_gate(database)
        move(database, f"{name}/c1", "DUE", "CLAIMED", "SENDING", "UNKNOWN", "RESOLVED_APPLIED")
        for generation in (1, 2):
            record(database, "lockout.latched", "site", scope="site", generation=generation)
        record(database, "lockout.latched", "P-101B", scope="P-101B", generation=1)
        said = {"text": RELEASE.text, "signature": RELEASE.signature}
        record(database, "decision", "lockout:P-101B:1", **said)
        record(database, "lockout.released", "P-101B", scope="P-101B", generation=1)
        locked = [tuple(row) for row in database.all("SELECT * FROM lockout ORDER BY scope")]
        assert locked == [("P-101B", 1, 0), ("site", 2, 1)]


def test_the_ways_are_those_that_the_judge_knows() -> None:
    """Told twice, in the product and by the independent judge."""
    requests = {str(state): REQUESTS.get(state, frozenset()) for state in RequestState}
    actions = {str(state): ACTIONS.get(state, frozenset()) for state in ActionState}
    assert requests == {state: set(to.split()) for state, to in REQUEST.items()}
    assert actions == {state: set(to.split()) for state, to in ACTION.items()}


KINDS = ["file", "approve", "reject", "move", "latch", "take", "run", "effect", "sweep", "any"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.integers(1, 4), st.sampled_from(sorted(ACTION)), st.booleans()
    ),
    max_size=40,
)


def _try(database: Database, kind: str, number: int, state: str, *, is_last: bool) -> None:
    """Does something, or finds that it cannot be done; the rows before it are undone then."""
    name = f"R-0000000{number}"
    action = f"{name}/c{2 if is_last else 1}"
    match kind:
        case "file":
            with suppress(AssertionError):  # it is there
                file(database, number)
        case "approve":
            record(database, "request.APPROVED", name, **_to("APPROVED"))
        case "reject":
            record(database, "request.REJECTED", name, **_to("REJECTED"))
        case "move" if database.all("SELECT 1 FROM action WHERE action_id = ?", action):
            move(database, action, state)
        case "latch":
            record(database, "lockout.latched", "site", scope="site", generation=number)
        case "take":
            body = {"generation": number, "mode": "LOCAL", "person": "anna"}
            record(database, "authority.taken", "P-101A", **body)
        case "run":
            kind = "run.completed" if is_last else "run.opened"
            record(database, kind, f"U-{number}", playbook="p", owns=[f"P-{number % 2}"])
        case "effect":
            record(database, "effect.MISSED", action, **_effect(number=number))
        case "sweep":
            sweep(database, later(2000.0 * number))
        case _:
            with database.transaction(NOW) as transaction:
                transaction.record("note", name, {"number": number})
                transaction.record("run.closed" if is_last else "request.GONE", name, {})


def follower(copy: Tables) -> Callable[[Sequence[JournalRow]], None]:
    """Returns what keeps a copy up by the rows that were committed."""

    def follow(rows: Sequence[JournalRow]) -> None:
        for row in rows:
            copy.apply(row)

    return follow


@settings(max_examples=15)
@given(steps=STEPS)
def test_whoever_folds_the_same_rows_has_the_same_tables(steps: list[tuple[Any, ...]]) -> None:
    """The gate, the gate that starts anew, and a copy from an image that follows by rows."""
    memory = os.environ.get("PYTEST_DEBUG_TEMPROOT")
    with TemporaryDirectory(dir=memory) as folder, opened(Path(folder)) as database:
        start_gate(database)
        copy = Tables.of_image(database.tables.image())
        database.on_commit.append(follower(copy))
        for kind, number, state, is_last in steps:
            with suppress(LedgerError):
                _try(database, kind, number, state, is_last=is_last)
        rows, mine = list(database.journal()), contents(database.tables)
        assert contents(copy) == mine
        copy.close()
        database.close()
        with opened(Path(folder)) as anew:
            assert (list(anew.journal()), contents(anew.tables)) == (rows, mine)


async def test_a_day_folded_anew_is_the_same_day(tmp_path: Path) -> None:
    """Runs, decisions, leases and an effect of the real code."""
    room = Watched(make_site(tmp_path))
    await room.start_gate()
    copy = Tables.of_image(room.desk.database.tables.image())
    room.desk.database.on_commit.append(follower(copy))
    runner = Runner(room)
    request = runner.approved()
    await runner.carry_out(request, "c1", "c2", "r1")
    runner.end(request)
    room.plant.fault = "answer lost"
    await room.carried_out(("P-101B.run_cmd", True))
    room.desk.lock_out("P-101B")
    room.watch()
    room.desk.release("P-101B")
    room.desk.revoke_key("bert")
    mine = contents(room.desk.database.tables)
    assert contents(copy) == mine
    assert all(mine[name] for name in ("request", "action", "intent", "decision", "lockout"))
    copy.close()
    room.close()
    with Database(room.site.state, room.site.id) as anew:
        assert contents(anew.tables) == mine


def test_the_ledger_of_a_room_is_what_its_rows_say(room: Room) -> None:
    anew = Tables()
    for row in room.desk.database.journal():
        anew.apply(row)
    assert contents(anew) == contents(room.desk.database.tables)
    anew.close()
