"""Draws the demo's screen for the README: `make picture` (needs librsvg and Cascadia Code).

A real plant behind its servers, read over both protocols; only the pace is stepped.
"""

import asyncio
import re
import subprocess
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console, RenderableType

from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import load_site
from handwheel.hmi.demo_screen import Frame, render
from handwheel.hmi.demo_story import SHOWN, STORIES, Timeline
from handwheel.hmi.history import History
from handwheel.hmi.plants import create_plant, parse_fault
from handwheel.hmi.sitefiles import Link, write_site
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.serve import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

HERE = Path(__file__).parent
FONT = ("Cascadia Mono NF", "20.82px")
FAST, SLOW = 120.0, 10.0  # plant seconds per second, as in the demo
SLOW_OVER = 8.0  # mm/s, as in the demo
REFRESH_S = 0.2
SHOWN_AFTER_S = 30.0  # of plant time after the standby runs


async def picture() -> RenderableType:
    """Returns the demo's picture half a minute after the interlock's start of the standby."""
    story = STORIES["F01"]
    simulation = Simulation(create_plant("cw-100", 1), Scenario((parse_fault(story.fault),)))
    timeline, history = Timeline(), History(("VT-101A.pv", "PT-102.pv"), 400)
    with TemporaryDirectory() as folder:
        async with PlantServer(simulation, Options(0, 0, 0, speed=0.0)) as server:
            link = Link(server.opcua.port, server.modbus.port, "20 ms")
            write_site(Path(folder, "site"), simulation.plant, link)
            site = load_site(Path(folder, "site"))
            async with SiteReader(site, site.find_tags(SHOWN)) as reader:
                speed, readings = FAST, reader.latest()
                while (since := timeline.first("P-101B.running")) is None or (
                    timeline.now_s < since + SHOWN_AFTER_S
                ):
                    simulation.speed = speed
                    await server.step(round(speed * REFRESH_S / simulation.plant.step_s))
                    for connection in reader.connections:
                        await connection.next_scan()
                        await connection.next_scan()
                    readings = reader.latest()
                    timeline.add(readings)
                    history.add(readings)
                    vibration = readings["VT-101A.pv"].value
                    if isinstance(vibration, float) and vibration > SLOW_OVER:
                        speed = SLOW
                links = reader.connections
                return render(Frame(story, site.tags, readings, history, timeline, links, 80, 24))


def main() -> None:
    """Draws the SVG, without rich's foreign font, and the PNG from it."""
    console = Console(record=True, width=80, height=24, file=StringIO())
    console.print(asyncio.run(picture()))
    svg = console.export_svg(title="make demo", font_aspect_ratio=0.6)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", FONT[0]).replace("font-size: 20px", f"font-size: {FONT[1]}")
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    with TemporaryDirectory() as folder:
        source = Path(folder, "demo.svg")
        source.write_text(svg, encoding="utf-8")
        subprocess.run(
            ["rsvg-convert", "-w", "1200", source, "-o", HERE / "demo.png"],
            check=True,
        )


if __name__ == "__main__":
    main()
