"""The demo's stage: a plant and a gate as processes, a site, its people, and readers."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site, load_site

from .child_process import ChildProcess
from .demo_desk import Desk
from .demo_people import enroll_people
from .demo_run import DemoRun
from .demo_story import SHOWN, Story
from .plants import create_plant
from .sitefiles import Link, write_site


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that a telling needs, running."""

    story: Story
    site: Site
    reader: SiteReader
    plant: ChildProcess
    gate: ChildProcess
    desk: Desk

    async def tell(
        self, approve_after_s: float | None, *, is_live: bool, asks: bool = True
    ) -> None:
        """Tells the story; see `DemoRun.run`."""
        run = DemoRun(self.story, self.site, self.reader, (self.plant, self.gate), self.desk)
        await run.run(approve_after_s, is_live=is_live, asks=asks)


@asynccontextmanager
async def demo_stage(
    folder: Path, story: Story, *, is_attended: bool, scan: str = "500 ms"
) -> AsyncGenerator[Stage]:
    """Starts plant, then gate, each with ports and keys of its own; ends them in reverse.

    Args:
        folder: Empty; takes the site and the logs.
        is_attended: Whether a person at the terminal decides; else a script, which the site's
            policy then allows for simulated plants.

    Raises:
        ServeError: One of them does not start; says why.
    """
    secret = token_urlsafe(18)
    secret_file, frames = folder / "gate-secret", folder / "frames.jsonl"
    with os.fdopen(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    frames.touch()
    serve = (
        *("plant", "serve", "cw-100", "--json", "--opcua-port", "0", "--modbus-port", "0"),
        *("--modbus-gate-port", "0", "--gate-secret", str(secret_file)),
        *("--frame-log", str(frames), "--speed", "1", "--fault", story.fault),
    )
    async with ChildProcess("the plant", serve, folder / "plant.log") as plant:
        ports = plant.ready["ports"]
        link = Link(ports["opcua"], ports["modbus"], scan, ports["modbus_gate"], not is_attended)
        place = folder / "site"
        await asyncio.to_thread(write_site, place, create_plant("cw-100"), link, secret=secret)
        people = enroll_people(place, attended=is_attended)
        site = load_site(place)
        watch = ("gate", "--json", "--site", str(place))
        async with (
            ChildProcess("the gate", watch, folder / "gate.log") as gate,
            SiteReader(site, site.find_tags(SHOWN)) as reader,
        ):
            yield Stage(story, site, reader, plant, gate, Desk(site, people, frames))
