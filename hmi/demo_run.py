"""Runs the demo: scans, pictures or lines, and what it meant."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from time import monotonic

from rich.console import Console
from rich.live import Live

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.values import DataValue, Quality
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.transitions import RequestState

from .asking import check_approvable
from .card_layout import has_colour
from .card_text import render_card
from .child_process import ChildProcess
from .connection_lines import ConnectionChanges, is_starting
from .demo_desk import Desk
from .demo_people import APPROVER, PROPOSER
from .demo_screen import Frame, render
from .demo_story import Story, Timeline, clock_text, good_number
from .history import History
from .withdrawal import ask_in_thread

DECIDING_SPEED = 10.0
"""Plant seconds per second while somebody decides."""

_REFRESH_S = 0.2
_LINE = 71  # characters after the time
_LINE_EVERY = 15  # refreshes between two lines in a pipe
_SAMPLES = 400
_LONGEST_S = 180.0  # three times the usual
_SILENCE_S = 10.0  # without a good reading


class DemoRun:
    """One telling of a story.

    Args:
        story: What is told.
        site: The temporary site.
        reader: Scans the tags that the demo shows.
        children: The plant's process, to be slowed down for the crucial seconds, and the gate's.
        desk: Where people ask and decide.
    """

    def __init__(
        self,
        story: Story,
        site: Site,
        reader: SiteReader,
        children: tuple[ChildProcess, ChildProcess],
        desk: Desk,
    ) -> None:
        self._story = story
        self._site = site
        self._reader = reader
        self._plant, self._gate = children
        self._desk = desk
        self._timeline = Timeline()
        self._history = History(("VT-101A.pv", "PT-102.pv"), _SAMPLES)
        self._console = Console(highlight=False)
        self._changes = ConnectionChanges()
        self._slowdown = story.slowdown
        self._started_s = self._good_s = monotonic()

    async def run(self, approve_after_s: float | None, *, is_live: bool, asks: bool = True) -> None:
        """Shows the story to its end, or as long as it may take, and prints what it meant.

        Args:
            approve_after_s: Seconds after which a script approves; `None` asks the viewer, of
                whom there is none in a pipe.
            is_live: Draws a screen; else prints lines.
            asks: Whether the viewer may be asked at all.

        Raises:
            NotConnected: The plant has ended, or nothing good has been read for too long.
        """
        self._started_s = self._good_s = monotonic()
        self._plant.tell(f"speed {self._story.speed:g}")
        tell = self._show if is_live else self._print
        if not is_live:
            print(self._story.intro, flush=True)
        await tell()
        if self._has_question:
            await self._decide(approve_after_s, asks=asks)
            await tell()
        self._summary()

    @property
    def _has_question(self) -> bool:
        """Whether the moment has come at which somebody asks for the standby."""
        asks_at = self._story.asks_at
        return bool(asks_at) and not self._desk.request_id and self._timeline.is_on(asks_at)

    @property
    def _is_over(self) -> bool:
        is_late = monotonic() - self._started_s > _LONGEST_S
        return self._timeline.is_over or is_late or self._has_question

    async def _decide(self, approve_after_s: float | None, *, asks: bool) -> None:
        """Lets one person ask and another decide, while the plant goes on slowly."""
        self._plant.tell(f"speed {DECIDING_SPEED:g}")
        print(f"\n{PROPOSER} asks for the standby pump:", flush=True)
        await self._desk.propose()
        asked_s = monotonic()
        try:
            state = await self._answer(approve_after_s, asks=asks)
        except GuardrailError as refusal:
            print(f"handwheel: {refusal}", flush=True)
            state = None
        self._started_s += monotonic() - asked_s  # a reader may take their time
        self._good_s = monotonic()
        if state is not RequestState.APPROVED:
            self._plant.tell(f"speed {self._story.speed:g}")
            print("Nobody has approved it: nothing is sent. The story goes on.\n", flush=True)
        else:
            self._slowdown = None
            print("Approved. The gate takes it up.\n", flush=True)

    async def _answer(self, approve_after_s: float | None, *, asks: bool) -> RequestState | None:
        if approve_after_s is not None:
            await asyncio.sleep(approve_after_s)
            print(f"nobody is asked: a script signs for {APPROVER}", flush=True)
            return await asyncio.to_thread(self._desk.approve_unattended)
        card = await self._desk.settle()
        if asks and card.is_approvable:
            print(f"you are {APPROVER}: read the card, then decide\n", flush=True)
            return await ask_in_thread(self._desk.ask)
        for line in render_card(card, self._console.width, is_coloured=has_colour()):
            print(line)
        check_approvable(card)
        print("\nnot approved: with --headless nobody is asked", flush=True)
        return None

    async def _show(self) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while not self._is_over:
                readings = await self._scan()
                live.update(render(self._frame(readings)), refresh=True)

    async def _print(self) -> None:
        count = 0
        while not self._is_over:
            known = len(self._timeline.entries)
            readings = await self._scan()
            for change in self._changes.news(self._reader.connections):
                print(f"{clock_text(self._timeline.now_s)}  {change}", flush=True)
            if any(is_starting(connection) for connection in self._reader.connections):
                continue
            for time, _, meaning in self._timeline.entries[known:]:
                print(f"{clock_text(time)}  {meaning}", flush=True)
            if count % _LINE_EVERY == 0:
                self._print_readings(readings)
            count += 1

    def _print_readings(self, readings: Mapping[str, DataValue]) -> None:
        names = ("VT-101A.pv", "TT-111A.pv", "PT-102.pv")
        for line in _folded([self._reading_text(name, readings[name]) for name in names]):
            print(f"{clock_text(self._timeline.now_s)}  {line}", flush=True)

    def _reading_text(self, name: str, reading: DataValue) -> str:
        tag = self._site.tags[name]
        status = "" if reading.quality is Quality.GOOD else f" {reading.status.name}"
        return f"{name} {tag.show(reading)} {tag.unit}{status}"

    async def _scan(self) -> Mapping[str, DataValue]:
        await asyncio.sleep(_REFRESH_S)
        self._plant.check()
        self._gate.check()
        readings = self._reader.latest()
        self._check(readings)
        self._history.add(readings)
        self._timeline.add(readings)
        if self._slowdown is not None:
            watched = good_number(readings[self._slowdown.tag])
            if watched is not None and watched > self._slowdown.over:
                self._plant.tell(f"speed {self._slowdown.speed:g}")
                self._slowdown = None
        return readings

    def _check(self, readings: Mapping[str, DataValue]) -> None:
        now = monotonic()
        if any(reading.quality is Quality.GOOD for reading in readings.values()):
            self._good_s = now
        elif now - self._good_s > _SILENCE_S:
            silence = f"no good reading within {_SILENCE_S:g} s"
            raise NotConnected(
                {each.name: each.reason or silence for each in self._reader.connections}
            )

    def _frame(self, readings: Mapping[str, DataValue]) -> Frame:
        return Frame(
            self._story, self._site.tags, readings, self._history, self._timeline,
            self._reader.connections, self._console.width, self._console.height,
        )  # fmt: skip

    def _summary(self) -> None:
        if not self._timeline.is_over:
            print(f"\nEnded after {_LONGEST_S:g} s, before the end of the story.")
        print("\nWhat the readers saw, in plant time:")
        for time, tag, meaning in self._timeline.entries:
            print(f"  {clock_text(time)}  {tag:16} {meaning}")
        if self._desk.request_id:
            print()
            for line in self._desk.proof():
                print(line)
        moral = self._story.moral(self._timeline)
        is_wrapped = self._console.is_terminal
        print(f"\n{fill(moral, self._console.width - 1) if is_wrapped else moral}")


def _folded(parts: Sequence[str]) -> Iterator[str]:
    """Yields lines of as many parts as fit; what is not good is longer."""
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 2 > _LINE:
            yield line
            line = ""
        line = f"{line}  {part}" if line else part
    yield line
