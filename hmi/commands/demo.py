"""`handwheel demo`: a simulated plant behind real servers, and eyes on it."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ..demo_story import SHOWN, STORIES, Story
from ..exits import CONFIGURATION, fail, run
from ..interrupts import uninterrupted_import


def command(
    fault: Annotated[str, typer.Option(metavar="ID", help=f"One of {', '.join(STORIES)}.")] = "F01",
    headless: Annotated[
        bool, typer.Option("--headless", help="Print lines, as in a pipe, instead of a screen.")
    ] = False,
) -> None:
    """Watch a simulated plant and its failing pump, in one terminal.

    The plant runs as a process of its own behind OPC UA and Modbus, in a temporary
    site that is removed at the end. About a minute; Ctrl-C ends it.
    """
    story = STORIES.get(fault)
    if story is None:
        fail(f"there is no story for {fault!r}; known: {', '.join(STORIES)}", CONFIGURATION)
    with uninterrupted_import():
        from ..screen import has_screen

    with TemporaryDirectory(prefix="handwheel-demo-") as folder:
        run(_demo(Path(folder), story, is_live=not headless and has_screen()))


async def _demo(folder: Path, story: Story, *, is_live: bool) -> None:
    from handwheel.connectors.reader import SiteReader
    from handwheel.connectors.site import load_site

    from ..demo_run import DemoRun
    from ..plant_process import PlantProcess
    from ..plants import create_plant
    from ..sitefiles import write_site

    arguments = ("--speed", f"{story.speed:g}", "--fault", story.fault)
    print("starting the plant…", flush=True)
    async with PlantProcess("cw-100", arguments, folder / "plant.log") as plant:
        await asyncio.to_thread(write_site, folder / "site", create_plant("cw-100"), plant.link)
        site = load_site(folder / "site")
        async with SiteReader(site, site.find_tags(SHOWN)) as reader:
            await DemoRun(story, site, reader, plant).run(is_live=is_live)
