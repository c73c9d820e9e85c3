"""The plant has the last word: it moved, went local or bad, or is another one than approved."""

import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.sim_plant.model import Value
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ..testbed.served import World

START = "P-101B.run_cmd=true"
Read = Callable[[Sequence[Tag]], Awaitable[Mapping[str, DataValue]]]
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


async def test_asking_to_stop_the_last_running_pump_is_denied(world: World) -> None:
    record = await world.propose("P-101A.run_cmd=false")
    card = world.card(record)
    assert world.state(record) == (RequestState.DENIED, ActionState.CANCELLED)
    with pytest.raises(Exception, match="DENIED"):
        world.decide(world.sign(record.request, card), card)
    assert world.frames == []
    await world.go_through(START)


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


async def test_two_steps_in_a_row_are_not_made_faster_than_the_rate(world: World) -> None:
    await world.go_through("PIC-102.sp=355")
    record = await world.propose("PIC-102.sp=370")
    warned = world.sign_in_spite(record)
    end = await world.end(record)
    assert end.action is ActionState.INVALIDATED
    assert "would change faster than 30 kPa/min" in end.reason
    assert any("would change faster than 30 kPa/min" in each for each in warned.problems)
    assert len(world.frames) == 1
    await world.go_through("PIC-102.sp=355.2")


async def test_a_tag_that_was_just_written_cools_down(world: World) -> None:
    await world.go_through("TIC-202.sp=48.5")
    record = await world.propose("TIC-202.sp=48.6")
    warned = world.sign_in_spite(record)
    end = await world.end(record)
    assert end.action is ActionState.INVALIDATED
    words = r"TIC-202.sp was written \d\.\d s ago; its cool-down is 60 s: wait (60|5\d) s more"
    assert re.fullmatch(words, end.reason)
    assert any(re.fullmatch(words, each) for each in warned.problems)
    assert len(world.frames) == 1
    await world.go_through("PIC-102.sp=355")
