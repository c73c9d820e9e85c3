"""The plant has the last word: it moved, cannot be reached, or its namespaces have."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.model import Value, namespace_uri
from handwheel.sim_plant.server.opcua.access.listener import ListeningServer
from handwheel.sim_plant.server.opcua.node_ids import standard_node
from handwheel.sim_plant.server.opcua.server import OpcuaServer
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ...plants.served import GATE_SECRET
from ..testbed.served import World
from .test_encrypted_channel import lead

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


SETPOINT = "PIC-102.sp=355"
URI = namespace_uri("cw-100")
_ARRAY = standard_node(ObjectIds.Server_NamespaceArray)


async def behind_another(server: ListeningServer, uri: str) -> int:
    """Registers a namespace behind one more than before, as a new version of a server does."""
    node = server.get_node(_ARRAY)
    first, *_ = await node.read_value()
    await node.write_value([first, "urn:another", uri], ua.VariantType.String)
    return 2


@pytest.fixture
async def moved(idle: World, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[OpcuaServer]:
    """The plant's server after a restart: the same nodes, at another index."""
    whole: Any = idle.server
    monkeypatch.setattr(ListeningServer, "register_namespace", behind_another)
    server = OpcuaServer(whole._image, whole._frames, "cw-100", GATE_SECRET)
    await server.start(0)
    publishing = asyncio.create_task(publish(server))
    yield server
    publishing.cancel()
    await asyncio.wait([publishing])
    await server.stop()


async def publish(server: OpcuaServer) -> None:
    """Lets it show the plant as it is, as the plant's own server does."""
    while True:
        await server.publish()
        await asyncio.sleep(0.05)


@pytest.mark.way_in("C10")
@pytest.mark.usefixtures("plant")
async def test_bytes_with_an_index_that_means_another_namespace_by_now_are_not_sent(
    idle: World, moved: OpcuaServer
) -> None:
    """The request names the namespace by its URI; its bytes have the index of the day."""
    world, own = idle, idle.server.opcua.port
    async with LinkProxy(own) as link:
        world.edit("site.yaml", f"127.0.0.1:{own}", f"127.0.0.1:{link.port}")
        world.relays |= {own: link.port, moved.port: link.port}
        await world.start()
        record, card = await world.ask(SETPOINT)
        (command,) = record.request.commands
        assert command.address == f"nsu={URI};s=PIC-102.sp"
        signed = world.sign(record.request, card)
        lead(link, moved)
        assert world.decide(signed, card) is RequestState.APPROVED
        told = "encoding it now gives other bytes than those that were approved"
        assert await world.stopped(record) == told

        anew = await world.go_through(SETPOINT)  # at the same server, with the bytes of today
        assert anew.request.commands[0].wire != command.wire
        lead(link, world.server.opcua)
        twin = await world.go_through("TIC-202.sp=48.5")
        index = slice(2, 6)  # behind the form of the node's id
        assert twin.request.commands[0].wire[index] == command.wire[index]
        await world.stop()
