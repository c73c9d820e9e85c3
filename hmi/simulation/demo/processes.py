"""Processes, site and operators of the demo."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant

from ...people.signing import Signer
from ...site.files.site_template import PlantEndpoints, write_site
from ..local_system.child_process import ChildProcess
from ..local_system.people import GRANTOR, enroll_people, grant_to_agents
from ..served_plant import new_plant
from .scenarios import DemoScenario
from .timeline import DEMO_TAGS

_SCAN = "100 ms"


@dataclass(frozen=True, slots=True)
class DemoSystem:
    """The running parts of the demo."""

    scenario: DemoScenario
    site: Site
    reader: SiteReader  # scans the tags that the demo shows
    plant: ChildProcess  # its process, whose pace the demo sets
    others: tuple[ChildProcess, ...]  # the gate's process and the agents'
    people: dict[str, Signer]  # by name
    frame_log: Path  # the plant's own record of every write

    @property
    def scan_s(self) -> float:
        """Longest time between two scans of the demo's tags on an idle machine, seconds."""
        return max(self.site.scan_s(self.site.tags[name]) for name in DEMO_TAGS)

    def check(self) -> None:
        """Checks that all processes are running. Raises `NotConnected`, which says what ended."""
        for process in (self.plant, *self.others):
            process.check()


@asynccontextmanager
async def start_demo_system(
    folder: Path, scenario: DemoScenario, *, is_attended: bool
) -> AsyncGenerator[DemoSystem]:
    """Starts plant, gate and agents in an empty folder, and ends them in reverse order.

    If no person at the terminal decides, a script does, which the site's policy then allows for
    simulated plants.

    Raises:
        ServeError: One of them does not start; says why.
    """
    served, frames = new_plant("cw-100"), folder / "frames.jsonl"
    frames.touch()
    serve = served.words(folder, scenario.faults, "--frame-log", str(frames))
    async with ChildProcess("the plant", serve, folder / "plant.log") as plant:
        ports = plant.ready["ports"]
        link = PlantEndpoints(
            ports["opcua"], ports["modbus"], _SCAN, ports["modbus_gate"], not is_attended
        )
        root = folder / "cooling"
        await asyncio.to_thread(
            write_site, root, create_plant(served.model), link, secret=served.secret
        )
        people = enroll_people(root, attended=is_attended)
        site = load_site(root)
        at = ("--json", "--site", str(root))
        async with ChildProcess("the gate", ("gate", *at), folder / "gate.log") as gate:
            await asyncio.to_thread(grant_to_agents, site, people[GRANTOR])
            agents = ChildProcess("the agents", ("run", *at), folder / "agents.log")
            async with agents, SiteReader(site, site.find_tags(DEMO_TAGS)) as reader:
                yield DemoSystem(scenario, site, reader, plant, (gate, agents), people, frames)
