"""The plant has the last word: it moved, or its namespaces have."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.server.opcua.access.listener import ListeningServer
from handwheel.sim_plant.server.opcua.node_ids import standard_node
from handwheel.sim_plant.server.opcua.server import OpcuaServer
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ...plants.served import GATE_SECRET
from ..testbed.served import World
from .test_encrypted_channel import lead


async def put(world: World, pressure_kpa: float) -> None:
    """Another master moves the set point; no frame tells of it."""
    world.server.simulation.plant.write("PIC-102.sp", pressure_kpa)
    await world.server.step(1)


async def test_a_step_that_has_become_too_large_is_not_made(world: World) -> None:
    record, card = await world.ask("PIC-102.sp=365")
    signed = world.sign(record.request, card)
    await put(world, 343.0)  # within the tolerance, but 22 kPa away
    world.decide(signed, card)
    assert await world.stopped(record) == "a step of 22 kPa is more than the 20 kPa allowed"
    await put(world, 350.0)
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
