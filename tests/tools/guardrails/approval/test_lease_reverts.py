"""When and in which order a lease takes back, and what is said where rows do not fit."""

from dataclasses import replace

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.interlocks.action_order import check_order
from handwheel.tools.guardrails.ledger.actions import states_in
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.ledger.write_leases import (
    agent_is_gone,
    left_s,
    time_has_come,
    written,
)
from handwheel.tools.requests.lease_and_effects import Terms
from handwheel.tools.requests.request import ActionRequest, Lease
from handwheel.tools.requests.timestamps import Instant

from ....gate.testbed.runner import Runner
from ....gate.testbed.with_oracle import SETPOINT, START, Watched

FOR_S = 7200.0
WHILE = Terms(Lease(for_s=FOR_S))
STATES = {
    "P": ActionState.PLANNED, "D": ActionState.DUE, "V": ActionState.VERIFIED,
    "R": ActionState.REFUSED,
}  # fmt: skip


def _standing(record: RequestRecord, letters: str) -> RequestRecord:
    """The request as it would stand with its actions in these states, in their order."""
    states = [STATES[each] for each in letters]
    pairs = zip(record.actions, states, strict=True)
    return replace(record, actions=tuple(replace(each, state=state) for each, state in pairs))


def test_a_lease_takes_back_the_last_write_first_and_nothing_still_to_come(spare: Watched) -> None:
    request = spare.approved(START, SETPOINT, terms=WHILE)
    name = request.request_id
    assert [each.undoes for each in request.recovery] == [f"{name}/c2", f"{name}/c1"]
    for letters, action, reason in [
        ("VVPP", "r1", ""),
        ("VVPP", "r2", "r1 comes before it and is not done"),
        ("VDPP", "r1", "c2 comes before it and is not done"),
        ("VRPP", "r2", ""),
        ("RRPP", "r1", "there is nothing to undo: {}/c2"),
        ("VVVV", "r2", "there is nothing to undo: {}/c1"),
        ("DPPP", "c1", ""),
        ("DDPP", "c2", "c1 comes before it and is not done"),
        ("VDDP", "c2", "r1 has begun to undo"),
    ]:
        record = _standing(spare.desk.record(name), letters)
        if not reason:
            check_order(record, f"{name}/{action}")
            continue
        with pytest.raises(PermitRefused, match=reason.format(name)):
            check_order(record, f"{name}/{action}")


async def _half_done(room: Watched) -> ActionRequest:
    """A request with a lease, of whose two commands the first is verified."""
    await room.start_gate()
    request = room.approved(START, SETPOINT, terms=WHILE)
    room.watch()
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "DUE", "PLANNED", "PLANNED"]
    return request


async def test_a_lease_counts_from_the_last_command_that_took_effect(spare: Watched) -> None:
    request = await _half_done(spare)
    database, name = spare.desk.database, request.request_id

    def left(now: Instant) -> float | None:
        return left_s(database, request, states_in(database, name), now)

    planned = dict.fromkeys(states_in(database, name), ActionState.PLANNED)
    assert left_s(database, request, planned, spare.clock.now()) is None
    first = written(database, request, states_in(database, name))
    spare.clock.forward(5.0)
    assert left(spare.clock.now()) == FOR_S - 5.0
    spare.watch()
    await spare.act()
    last = written(database, request, states_in(database, name))
    assert first is not None
    assert last is not None
    assert last.boot_ms - first.boot_ms >= 5000
    assert left(spare.clock.now()) == FOR_S
    refused = {**states_in(database, name), f"{name}/c2": ActionState.REFUSED}
    assert written(database, request, refused) == first
    now = spare.clock.now()
    for doubtful in (replace(now, boot_ms=now.boot_ms + 60_000), replace(now, boot_id="another")):
        assert left(doubtful) is None


async def test_a_lease_is_over_when_its_time_is_and_nobody_doubts_it(spare: Watched) -> None:
    request = await _half_done(spare)
    database, now = spare.desk.database, spare.clock.now()
    at = written(database, request, states_in(database, request.request_id))
    assert at is not None
    assert time_has_come(database, request, at, now) is None
    spare.clock.forward(FOR_S)
    later = spare.clock.now()
    assert time_has_come(database, request, at, later) == "its time of 2 h is over"
    assert time_has_come(database, request, at, replace(later, boot_id="another")) is None
    without = request.model_copy(update={"lease": None})
    assert time_has_come(database, without, at, later) is None


def test_a_process_of_before_a_restart_looks_after_no_run(spare: Watched) -> None:
    runner = Runner(spare)
    request = runner.file(*runner.made(runner.segment(lease_s=FOR_S)))
    database, now = spare.desk.database, spare.clock.now()
    assert agent_is_gone(database, request, now) is None
    restarted = replace(now, boot_id="another")
    assert agent_is_gone(database, request, restarted) == "no process works on the runs"
    person = spare.desk.propose(("P-101B.run_cmd", True))
    assert agent_is_gone(database, person, restarted) is None
