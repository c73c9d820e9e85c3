"""What the ledger only says was done, or resolved: the gate goes by what it did, and who signed."""

import pytest

from ...attacks.sql_shell import shell_of, without_triggers
from ..leases.test_expiry import FOR_S, WHILE, in_lease, pass_time, standing
from ..leases.test_own_writes import forge_sent
from ..testbed.runner import Runner, wires
from ..testbed.with_oracle import SETPOINT, START, Watched


async def test_a_resolution_that_somebody_signed_with_another_key_counts_for_nothing(
    runner: Runner,
) -> None:
    """Word for word anna's, put into the ledger by hand, with a signature that is not hers."""
    run, room = runner.approved(), runner.room
    room.plant.fault = "answer lost"
    await runner.carry_out(run, "c1")
    name = f"{run.request_id}/c1"
    room.desk.resolve(name, "resolve-applied")
    with shell_of(room.site.state) as shell, without_triggers(shell):
        shell.execute(
            "UPDATE decision SET signature = ? WHERE verdict = 'resolve-applied'", ("0" * 128,)
        )
    await runner.carry_out(run, "r2")
    said = f"the ledger says that {name} is RESOLVED_APPLIED, and this gate has not"
    assert runner.reason(run, "r2").startswith(said)
    assert room.wires == wires(run, "c1")


@pytest.mark.parametrize("is_sent", [True, False])
async def test_a_person_resolves_nothing_that_this_gate_has_not_left_open(
    runner: Runner, *, is_sent: bool
) -> None:
    """Somebody wrote that nobody knows, and so had a person say that it was applied."""
    run, room = runner.approved(), runner.room
    name = f"{run.request_id}/c1"
    if is_sent:
        room.plant.fault = "answer lost"
        await runner.carry_out(run, "c1")
    else:
        forge_sent(room, name, "SENDING", "UNKNOWN")
        room.plant.values["P-101A.run_cmd"] = True
    room.desk.resolve(name, "resolve-applied")
    await runner.carry_out(run, "r2")
    if not is_sent:
        said = f"the ledger says that {name} is RESOLVED_APPLIED, and this gate has not"
        assert runner.reason(run, "r2").startswith(said)
    assert runner.room.wires == (wires(run, "c1", "r2") if is_sent else [])


async def test_a_lease_whose_write_is_only_said_to_be_done_ends_and_is_told(room: Watched) -> None:
    request = room.approved(SETPOINT, terms=WHILE)
    name = f"{request.request_id}/c1"
    forge_sent(room, name, "SENDING", "VERIFIED", was="DUE")
    await pass_time(room, FOR_S)
    reason = f"the ledger says that {name} is VERIFIED, and this gate has not brought it there"
    assert standing(room, request) == "INVALIDATED VERIFIED INVALIDATED"
    assert [each["reason"] for each in room.rows("request.INVALIDATED")] == [reason]
    assert [each["reason"] for each in room.rows("lease.open")] == [reason]
    assert room.wires == []
    twin = await in_lease(room, START)
    await pass_time(room, FOR_S)
    assert room.wires == wires(twin, "c1", "r1")
