"""A second gate, a gate that has lost its lock, and one whose ledger fails as it stops."""

import asyncio

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.guardrails.ledger.store.states import ActionState

from ..testbed.served import World
from ..testbed.with_oracle import Watched

START, STOP = "P-101B.run_cmd=true", "P-101B.run_cmd=false"
SETPOINT = "PIC-102.sp=355"


@pytest.mark.way_in("D4")
async def test_a_second_gate_is_refused_while_the_first_works_on(world: World) -> None:
    with pytest.raises(LedgerError, match="another process has it open; there is one gate"):
        async with open_gate(world.site):
            pass
    await world.go_through(START)


@pytest.mark.way_in("D5")
async def test_a_gate_without_the_file_of_its_ledger_sends_nothing(room: Watched) -> None:
    request, file = room.approved(), room.context.database.path
    file.rename(file.with_name("aside"))
    file.touch()  # another gate could open this one
    await room.act()
    assert room.desk.states(request) == ["CLAIMED"]
    assert room.plant.frames == []
    file.with_name("aside").replace(file)
    await room.go_through()


@pytest.mark.way_in("D5")
async def test_a_gate_stops_when_it_is_told_though_its_ledger_fails_it(world: World) -> None:
    await world.go_through(SETPOINT)
    record, card = await world.ask(START)
    begun, ledger = asyncio.Event(), ledger_file(world.site.state)
    kept = ledger.with_name("kept.db")

    async def stop_and_fail() -> None:
        begun.set()
        await asyncio.sleep(0.1)
        ledger.rename(kept)

    world.on_open = stop_and_fail
    world.approve(record, card)
    async with asyncio.timeout(50):
        await begun.wait()
        await world.stop()
    kept.rename(ledger)
    assert len(world.frames) == 1
    world.on_open = lambda: None
    await world.start()
    assert (await world.end(record)).action is ActionState.UNKNOWN
