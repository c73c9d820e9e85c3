"""Draws the README's pictures: `make picture` (needs librsvg and Cascadia Code).

A real plant behind its servers, read over both protocols; only the pace is stepped.
"""

import asyncio
import re
import subprocess
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console, RenderableType
from rich.text import Text

from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site, load_site
from handwheel.hmi.asking import expected_word, settled
from handwheel.hmi.card_text import render_card
from handwheel.hmi.demo_screen import Frame, render
from handwheel.hmi.demo_stage import demo_stage
from handwheel.hmi.demo_story import SHOWN, STORIES, Timeline
from handwheel.hmi.history import History
from handwheel.hmi.plants import create_plant, parse_fault
from handwheel.hmi.signing import open_bench
from handwheel.hmi.sitefiles import Link, write_site
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.serve import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.guardrails.card import Card
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request

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


async def card() -> RenderableType:
    """Returns what a person sees who is asked for the standby: a real plant, gate and request."""
    with TemporaryDirectory() as folder:
        async with demo_stage(Path(folder), STORIES["F01"], is_attended=True) as stage:
            with redirect_stdout(StringIO()):
                await stage.desk.propose()
            with open_bench(stage.site) as bench:
                record = load_request(bench.database, stage.desk.request_id)
                lines = render_card(await asyncio.to_thread(_card, stage.site, record))
                word = expected_word(record.request)
    return Text("\n".join([*lines, "", f'Type "{word}" to approve, Enter to leave it: ']))


def _card(site: Site, record: RequestRecord) -> Card:
    with open_bench(site) as bench:
        return settled(bench, record)


def draw(shown: RenderableType, title: str, name: str) -> None:
    """Draws the SVG, without rich's foreign font, and the PNG from it."""
    console = Console(record=True, width=80, height=24, file=StringIO(), highlight=False)
    console.print(shown)
    svg = console.export_svg(title=title, font_aspect_ratio=0.61)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", FONT[0]).replace("font-size: 20px", f"font-size: {FONT[1]}")
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    with TemporaryDirectory() as folder:
        source = Path(folder, "picture.svg")
        source.write_text(svg, encoding="utf-8")
        subprocess.run(["rsvg-convert", "-w", "1200", source, "-o", HERE / name], check=True)


def main() -> None:
    """Draws both pictures."""
    draw(asyncio.run(picture()), "make demo", "demo.png")
    draw(asyncio.run(card()), "handwheel requests approve", "card.png")


if __name__ == "__main__":
    main()
