"""Speed of reading a site in as few requests as possible, against tag by tag."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from handwheel.connectors.client.site_reader import by_connection, connector_for
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Session
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.simulation.local_system.child_process import ChildProcess
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

_SERVE = (
    *("plants", "serve", "cw-100", "--json", "--opcua-port", "0", "--modbus-port", "0"),
    *("--modbus-gate-port", "0"),
)


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios for both protocols, against a plant in a process of its own."""
    return asyncio.run(_rows(repeats))


async def _rows(repeats: int) -> list[tuple[str, str]]:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        async with ChildProcess("the plant", _SERVE, place / "log") as plant:
            ports = plant.ready["ports"]
            link = PlantEndpoints(ports["opcua"], ports["modbus"])
            write_site(place / "site", create_plant("cw-100"), link)
            site = load_site(place / "site")
            groups = by_connection(site.measured(site.tags.values()))
            return [await _row(site, name, tags, repeats) for name, tags in groups.items()]


async def _row(site: Site, name: str, tags: Sequence[Tag], repeats: int) -> tuple[str, str]:
    session = await connector_for(site, name).open()
    try:
        await session.read(tags)  # learns what the device refuses
        together: list[float] = []
        singly: list[float] = []
        for _ in range(repeats):
            together.append(await _timed(session, [tags]))
            singly.append(await _timed(session, [[tag] for tag in tags]))
    finally:
        await session.close()
    kind = site.connections[name].kind
    ratio = median(singly) / median(together)
    return f"{kind}: {len(tags)} tags one by one, against together", f"{ratio:.1f} times the time"


async def _timed(session: Session, groups: Sequence[Sequence[Tag]]) -> float:
    start = perf_counter()
    for group in groups:
        await session.read(group)
    return perf_counter() - start
