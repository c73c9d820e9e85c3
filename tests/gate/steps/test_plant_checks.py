"""The plant has the last word: it moved, went local or bad, or is another one than approved."""

import socket
from collections.abc import Mapping

import pytest

from handwheel.sim_plant.model import Value
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ..testbed.served import World

START = "P-101B.run_cmd=true"
MODES: Mapping[Value, str] = {0: "local", 1: "remote"}


async def put(world: World, tag: str, value: Value, steps: int = 1) -> None:
    """Another master writes, or somebody in the field turns a switch; no frame tells of it."""
    plant = world.server.simulation.plant
    if tag.endswith(".mode"):
        plant.act(f"{MODES[value]}-{tag.removesuffix('.mode')}")
    else:
        plant.write(tag, value)
    await world.server.step(steps)


@pytest.mark.parametrize("is_b_running", [False, True])
async def test_the_last_running_pump_is_not_stopped(world: World, *, is_b_running: bool) -> None:
    await put(world, "P-101B.run_cmd", value=True, steps=30)
    record, card = await world.ask("P-101A.run_cmd=false")
    signed = world.sign(record.request, card)
    if not is_b_running:
        await put(world, "P-101B.run_cmd", value=False, steps=60)
        assert world.server.simulation.plant.measurements()["P-101B.running"] is False
    world.decide(signed, card)
    end = await world.end(record)
    if not is_b_running:
        assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
        assert end.reason.startswith("a-pump-runs: ")
        assert world.frames == []
        await put(world, "P-101B.run_cmd", value=True, steps=30)
        await world.go_through("P-101A.run_cmd=false")
    else:
        assert end.action is ActionState.VERIFIED
        assert world.frames == [record.request.commands[0].wire]


@pytest.mark.usefixtures("plant")
async def test_a_device_that_cannot_be_reached_is_not_written_to(idle: World) -> None:
    world = idle
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    world.edit("site.yaml", r"write: \{port: \d+\}", f"write: {{port: {port}}}")
    await world.start()
    record = await world.approved(START)
    assert f"127.0.0.1:{port}" in await world.stopped(record)
    await world.go_through("PIC-102.sp=355")


async def test_a_step_that_has_become_too_large_is_not_made(world: World) -> None:
    record, card = await world.ask("PIC-102.sp=365")
    signed = world.sign(record.request, card)
    await put(world, "PIC-102.sp", 343.0)  # within the tolerance, but 22 kPa away
    world.decide(signed, card)
    assert await world.stopped(record) == "a step of 22 kPa is more than the 20 kPa allowed"
    await put(world, "PIC-102.sp", 350.0)
    await world.go_through("PIC-102.sp=365")
