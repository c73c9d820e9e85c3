"""What the gate asks ten times a second, or for each action, must not read all that is over."""
# The statements are those that SQLite itself is given.
# pyright: reportPrivateUsage=false

import re

from handwheel.tools.guardrails.approval.outcome_card import found_after
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import recover_in_flight
from handwheel.tools.guardrails.interlocks.blocking import WriteCheck, blocking_reasons
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.records import load_requests, load_unfinished
from handwheel.tools.guardrails.signatures.administrators import locked_out, revoked_keys

from ....gate.testbed.in_memory import Room

GROWING = re.compile(r"SCAN (request|action|intent|decision|journal)\b")
NEWEST = re.compile(r"ORDER BY seq DESC LIMIT 1$")


async def test_no_round_and_no_check_reads_a_whole_table(room: Room) -> None:
    gate, database = room.gate, room.context.database
    assert gate is not None
    request = load_requests(database)[0].request
    asked = set[str]()
    database._connection.set_trace_callback(asked.add)
    room.watch()
    gate._wanted()
    gate._next()
    await recover_in_flight(room.context)
    locked_out(room.site, database)
    revoked_keys(room.site, database)
    load_decisions(database, request.request_id)
    blocking_reasons(
        WriteCheck(
            room.site, database, room.context.policy, request, request.actions[0], room.clock()
        )
    )
    assert load_unfinished(database) == []
    assert found_after(database, request.actions[0].action_id) == "P-101A.run_cmd reads true"
    database._connection.set_trace_callback(None)

    questions = [each for each in asked if each.startswith("SELECT") and not NEWEST.search(each)]
    for table in ("request", "action", "intent", "decision", "journal"):
        assert any(re.search(rf"(FROM|JOIN) {table}\b", each) for each in questions), table
    for each in questions:
        plan = [row[3] for row in database.all(f"EXPLAIN QUERY PLAN {each}")]
        assert not GROWING.search("\n".join(plan)), (each, plan)
