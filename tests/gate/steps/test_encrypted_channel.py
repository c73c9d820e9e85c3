"""A gate on an encrypted channel: the certificate is part of what is approved."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.hmi.requests.cards.card_details import render_details
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.server.opcua.access.certificates import open_identity
from handwheel.sim_plant.server.opcua.server import OpcuaServer
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.encrypted import befriend, pin_of, secure, serving
from ...plants.served import GATE_SECRET
from ..testbed.audited import witnessed
from ..testbed.served import World

WRITE = "PIC-102.sp=355"
BACK = "PIC-102.sp=352"
URI = namespace_uri("cw-100")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plant")


@pytest.fixture(scope="module")
async def server(folder: Path) -> AsyncGenerator[PlantServer]:
    frames = folder / "frames.jsonl"
    async with serving(folder / "identity", frames, speed=1.0) as server:
        yield server


@pytest.fixture
async def idle(
    server: PlantServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncGenerator[World]:
    """A world whose site pins the plant's certificate, and whose gate has not been started."""
    world = World(folder / "site", server, monkeypatch)
    secure(world.site.root, folder / "identity")
    async with witnessed(world, request):
        yield world


@pytest.fixture
async def world(idle: World) -> World:
    await idle.start()
    return idle


@pytest.mark.way_in("C12")
async def test_a_request_names_the_certificate_and_another_is_not_written_to(
    world: World, folder: Path
) -> None:
    honest, card = await world.ask(WRITE)
    (command,), pin = honest.request.commands, pin_of(folder / "identity")
    assert command.identity.certificate == pin
    assert f'"certificate":"{pin}"' in honest.request.text
    drawn = re.sub(r"\s", "", "".join(render_details(card, "b")))
    assert f"provedbythecertificate{pin}" in drawn
    altered = world.file_altered(
        honest.request, lambda draft: draft["commands"][0]["identity"].pop("certificate")
    )
    world.sign_through(altered)
    assert "the device is not the one that was approved" in await world.stopped(altered)

    unaltered = world.file_altered(honest.request, lambda draft: None)
    world.sign_through(unaltered)
    await world.carried_out(unaltered)
    # Absent means absent: a device on a channel without security has no such key.
    other = await world.propose("P-101B.run_cmd=true")
    assert "certificate" not in other.request.text


@pytest.fixture(scope="module")
async def other(server: PlantServer, folder: Path) -> AsyncGenerator[OpcuaServer]:
    """Another server with the same words, nodes and password, and with a key of its own."""
    whole: Any = server
    identity = open_identity(folder / "other", URI)
    another = OpcuaServer(whole._image, whole._frames, "cw-100", GATE_SECRET, identity)
    await another.start(0)
    yield another
    await another.stop()


@pytest.mark.way_in("C12")
async def test_a_certificate_that_is_swapped_after_the_approval_is_not_written_to(
    idle: World, server: PlantServer, other: OpcuaServer, folder: Path
) -> None:
    world, pins = idle, [pin_of(folder / name) for name in ("other", "identity")]
    befriend(world.site.root, folder / "other")
    async with LinkProxy(server.opcua.port) as link:
        world.edit("site.yaml", f"127.0.0.1:{server.opcua.port}", f"127.0.0.1:{link.port}")
        world.relays[server.opcua.port] = link.port
        await world.start()
        try:
            record, card = await world.ask(BACK)  # an earlier test may have written WRITE
            signed = world.sign(record.request, card)
            lead(link, other)
            world.decide(signed, card)
            reason = await world.stopped(record)
            assert f"certificate {pins[0]}, and site.yaml pins {pins[1]}" in reason
            lead(link, server.opcua)
            await world.go_through(BACK)
        finally:
            await world.stop()


def lead(link: LinkProxy, server: OpcuaServer) -> None:
    """From now on this server is at the port that the site names."""
    setattr(link, "_plant_port", server.port)  # noqa: B010 - no line of wire can be led elsewhere
    link.cut()
    link.mend()


async def test_a_gate_takes_no_post_without_a_pin(idle: World) -> None:
    idle.edit("site.yaml", r' certificate: "sha256:\w+",', "")
    with pytest.raises(NotConnected, match="security without certificate"):
        await idle.start()
