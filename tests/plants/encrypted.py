"""Sites and simulated plants that trust each other, over channels with security."""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from handwheel.connectors.model.endpoints import Security
from handwheel.connectors.opcua.security.application import CERTIFICATE, FOLDER, make_application
from handwheel.connectors.opcua.security.certificates import read_certificate
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from .served import GATE_SECRET

ENCRYPTED: Security = "Basic256Sha256/SignAndEncrypt"
SIGNED: Security = "Basic256Sha256/Sign"


@asynccontextmanager
async def serving(
    identity: Path,
    frame_log: Path | None = None,
    ports: Sequence[int] = (0, 0, 0),
    speed: float = 0.0,
) -> AsyncGenerator[PlantServer]:
    """A warm `cw-100` whose OPC UA server has this folder for its identity."""
    options = Options(ports[0], ports[1], ports[2], speed, GATE_SECRET, frame_log, identity)
    async with PlantServer(Simulation(create(None), Scenario()), options) as server:
        running = asyncio.create_task(server.run())
        yield server
        running.cancel()
        await asyncio.wait([running])


def pin_of(identity: Path) -> str:
    """The thumbprint of a plant's certificate."""
    return read_certificate((identity / "certificate.der").read_bytes()).thumbprint


def befriend(folder: Path, identity: Path) -> None:
    """Makes the key of a site, and lets a plant trust it."""
    make_application(folder, folder.name)
    shutil.copy(folder / FOLDER / CERTIFICATE, identity / "trusted" / f"{folder.name}.der")


def secure(folder: Path, identity: Path, security: Security = ENCRYPTED) -> None:
    """Lets a site on the disk and a plant trust each other, as the how-to page says."""
    befriend(folder, identity)
    path, pin = folder / "site.yaml", pin_of(identity)
    lines = f'kind: opcua, security: {security}, certificate: "{pin}",'
    text, count = re.subn("kind: opcua,", lines, path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
