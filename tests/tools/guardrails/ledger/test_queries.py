"""The ledger's queries and their cost, and what seems to have waited too long."""

# The statements are those that SQLite itself is given.
# pyright: reportPrivateUsage=false

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from handwheel.tools.guardrails.approval.cards.outcome_card import found_after
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import recover_in_flight
from handwheel.tools.guardrails.interlocks.blocking import WriteCheck, blocking_reasons
from handwheel.tools.guardrails.ledger import (
    actions,
    authority,
    decisions,
    effects,
    intents,
    journal_rows,
    latched_lockouts,
    records,
)
from handwheel.tools.guardrails.ledger.actions import SentAction
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.records import load_requests, load_unfinished
from handwheel.tools.guardrails.ledger.store.database import LedgerReader
from handwheel.tools.guardrails.signatures.administrators import revoked_keys

from ....gate.testbed.in_memory import Room

PRODUCT = Path(__file__).parents[4]
SQL = re.compile(r"""["'\n](SELECT|INSERT INTO|UPDATE|DELETE FROM|PRAGMA|BEGIN) """)
OTHER_DATABASES = (
    "agents/checkpoints.py", "connectors/historian", "tools/append_only_store.py",
    "tools/maintenance", "tools/notices/attempt_database.py",
)  # fmt: skip
HOLDERS = ("tools/guardrails/ledger", *OTHER_DATABASES)

REQUEST, ACTION = "{request}", "{request}/c1"
ANSWERS: Sequence[tuple[Callable[..., object], tuple[object, ...], object]] = [
    (actions.request_state, (REQUEST,), "CLOSED"),
    (actions.request_of_proposal, ("?",), None),
    (actions.due_actions, (), []),
    (actions.actions_in_flight, (), []),
    (actions.is_gate_busy, (), False),
    (actions.unsent_actions, (REQUEST,), set[str]()),
    (actions.states_in, (REQUEST,), {ACTION: "VERIFIED"}),
    (intents.has_gate, (), True),
    (intents.newest_epoch, (), 1),
    (intents.has_intent, (ACTION,), True),
    (decisions.newest_number, (), 2),
    (authority.load_authority, (["P-101A"],), []),
    (latched_lockouts.load_lockouts, (), [("P-101B", 1, True)]),
    (journal_rows.has_row, (ACTION, "action.VERIFIED"), True),
    (journal_rows.has_field, (ACTION, "action.VERIFIED", "sent", 1), True),
    (effects.not_come, (), []),
]


def test_ledger_and_transaction_give_one_answer(room: Room) -> None:
    database, now = room.context.database, room.clock.now()
    (record,) = load_requests(database)
    name = record.request.request_id
    for question, values, expected in ANSWERS:
        with database.transaction(now) as transaction:
            for reader in (database, transaction):
                found = question(reader, *_named(values, name))
                assert found == _named(expected, name), question


def test_rows_of_one_request(room: Room) -> None:
    database = room.context.database
    (record,) = load_requests(database)
    name, head = record.request.request_id, database.head()
    assert head is not None
    reader: LedgerReader = database
    rows = reader.find_rows(f"{name}/c1")
    kinds = [row.fields["kind"] for row in rows]
    assert kinds == [
        "action.DUE", "action.CLAIMED", "action.intent", "action.SENDING", "action.VERIFIED",
    ]  # fmt: skip
    verified = rows[-1]
    assert reader.find_rows(f"{name}/c1", "action.VERIFIED") == [verified]
    assert reader.find_rows(f"{name}/c1", after=rows[-2].seq) == [verified]
    assert journal_rows.newest_seq(reader, f"{name}/c1", "action.VERIFIED") == verified.seq
    assert record.actions[0].sent_at is not None
    sent_at = record.actions[0].sent_at
    sent = SentAction(f"{name}/c1", name, "P-101A.run_cmd", "VERIFIED", sent_at)
    assert actions.sent_since(reader, sent_at) == [sent]
    assert records.rejected_since(reader, room.clock.now(), 60.0) == []


def test_no_statement_stands_outside_the_ledger() -> None:
    found: list[str] = []
    for folder in ("agents", "connectors", "hmi", "playbooks", "tools"):
        for path in sorted((PRODUCT / folder).rglob("*.py")):
            name = path.relative_to(PRODUCT).as_posix()
            if not name.startswith(HOLDERS) and SQL.search(path.read_text(encoding="utf-8")):
                found.append(name)
    assert found == []


def _named(value: Any, request_id: str) -> Any:
    if isinstance(value, str):
        return value.replace(REQUEST, request_id)
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {_named(key, request_id): each for key, each in pairs.items()}
    if value.__class__ is tuple:  # isinstance would make the elements unknown to pyright
        return tuple(_named(each, request_id) for each in value)
    return value


GROWING = re.compile(r"SCAN (request|action|intent|decision|entry)\b")
NEWEST = re.compile(r"ORDER BY seq DESC LIMIT 1$")


async def test_no_round_and_no_check_reads_a_whole_table(room: Room) -> None:
    """What is asked ten times a second, or for each action, must not read all that is over."""
    gate, database = room.gate, room.context.database
    assert gate is not None
    request = load_requests(database)[0].request
    asked = set[str]()
    database.tables.connection.set_trace_callback(asked.add)
    room.watch()
    gate._wanted()
    gate.next_due()
    await recover_in_flight(room.context)
    revoked_keys(database)
    load_decisions(database, request.request_id)
    blocking_reasons(
        WriteCheck(
            room.site, database, room.context.policy, request, request.actions[0], room.clock()
        )
    )
    assert load_unfinished(database) == []
    assert found_after(database, request.actions[0].action_id) == "P-101A.run_cmd reads true"
    database.tables.connection.set_trace_callback(None)

    questions = [each for each in asked if each.startswith("SELECT") and not NEWEST.search(each)]
    for table in ("request", "action", "decision", "history.entry"):
        assert any(re.search(rf"(FROM|JOIN) {table}\b", each) for each in questions), table
    for each in questions:
        plan = [row[3] for row in database.all(f"EXPLAIN QUERY PLAN {each}")]
        assert not GROWING.search("\n".join(plan)), (each, plan)
