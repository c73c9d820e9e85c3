"""Draws the pictures of the documentation for `make picture`.

The demo runs with a script that approves. Its card is drawn before the standby starts, and its
screen when the failing pump has stopped. The trends of faults come from the commands on the page
about the plant. Drawing needs librsvg and Cascadia Code.
"""

import asyncio
import re
import shlex
import subprocess
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console, RenderableType
from rich.text import Text

from handwheel.hmi.requests.assessment.background import assessed_beside
from handwheel.hmi.requests.cards.card_text import render_card
from handwheel.hmi.requests.cards.live_card import QUESTION, footer_lines
from handwheel.hmi.simulation.demo.decisions import Decider, Decisions, DemoApprover
from handwheel.hmi.simulation.demo.demo import DemoRun
from handwheel.hmi.simulation.demo.processes import DemoSystem, start_demo_system
from handwheel.hmi.simulation.demo.scenarios import DEMO_SCENARIOS
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

HERE = Path(__file__).parent
FONT = ("Cascadia Mono NF", "20.82px")


ALONE_S = 1.5  # after the failing pump has stopped
ROWS = 20  # of the card on a screen of 24
THINK_S = 20.0  # until the script approves, so that the card is assessed before


async def pictures() -> tuple[RenderableType, RenderableType]:
    """Returns the demo's screen, and the card of its first request."""
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        async with start_demo_system(
            Path(folder), DEMO_SCENARIOS["F01"], is_attended=False
        ) as system:
            with Database(system.site.state, system.site.id) as ledger:
                approver = DemoApprover(system.site, system.people)
                decisions = Decisions(approver, Decider.SCRIPT, THINK_S)
                demo = DemoRun(system, ledger, decisions, is_live=False)
                async with asyncio.TaskGroup() as group:
                    running = group.create_task(demo.run())
                    shown = await approval(system, ledger)
                    await until(lambda: not system.reader.latest()["P-101A.running"].value)
                    await asyncio.sleep(ALONE_S)
                    screen = demo.screen()
                    await running
                return screen, shown


async def until(is_so: Callable[[], bool]) -> None:
    """Waits."""
    while True:
        if is_so():
            return
        await asyncio.sleep(0.1)


async def approval(system: DemoSystem, ledger: Database) -> RenderableType:
    """Returns what a person sees who is asked for the standby."""
    await until(lambda: bool(load_requests(ledger, WAITING_REQUESTS)))
    request = load_requests(ledger, WAITING_REQUESTS)[0].request
    card = await DemoApprover(system.site, system.people).settle(request.request_id)
    with assessed_beside(system.site, request.request_id) as beside:
        assessment = await asyncio.to_thread(beside.first)
    shown = render_card(card, most=ROWS, assessment=assessment)
    return Text("\n".join([*shown, *footer_lines(card, 80), QUESTION]))


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


def trends() -> None:
    """Draws the trends as their page tells a reader to."""
    page = (HERE.parent / "explanation" / "the-plant.md").read_text(encoding="utf-8")
    for command in re.findall(r"^\$ (handwheel plants run .*--png .*)$", page, re.MULTILINE):
        subprocess.run(shlex.split(command), cwd=HERE, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Draws the demo's two pictures and the trends."""
    trends()
    screen, shown = asyncio.run(pictures())
    draw(screen, "make demo", "demo.png")
    draw(shown, "handwheel requests approve", "card.png")


if __name__ == "__main__":
    main()
