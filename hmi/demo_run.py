"""Runs the demo: scans, pictures or lines, and what it meant."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from rich.console import Console
from rich.live import Live
from rich.text import Text

from handwheel.connectors.durations import format_duration
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.values import DataValue, Quality

from .demo_screen import Frame, render
from .demo_story import SHOWN, Story, Timeline, clock_text
from .history import History
from .plant_process import PlantProcess

_REFRESH_S = 0.2
_LINE_EVERY = 15  # refreshes between two lines in a pipe
_SAMPLES = 400


class DemoRun:
    """One telling of a story.

    Args:
        story: What is told.
        site: The temporary site.
        reader: Scans the tags of `TAGS`.
        plant: The plant's process, to be slowed down for the crucial seconds.
    """

    TAGS: ClassVar[tuple[str, ...]] = SHOWN

    def __init__(self, story: Story, site: Site, reader: SiteReader, plant: PlantProcess) -> None:
        self._story = story
        self._site = site
        self._reader = reader
        self._plant = plant
        self._timeline = Timeline()
        self._history = History(("VT-101A.pv", "PT-102.pv"), _SAMPLES)
        self._console = Console(highlight=False)
        self._is_slow = False

    async def run(self, *, is_live: bool) -> None:
        """Shows the story to its end and prints what it meant."""
        if is_live:
            await self._show()
        else:
            await self._print()
        self._summary()

    async def _show(self) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while not self._timeline.is_over:
                readings = await self._scan()
                live.update(render(self._frame(readings)), refresh=True)

    async def _print(self) -> None:
        print(self._story.intro, flush=True)
        count = 0
        while not self._timeline.is_over:
            known = len(self._timeline.entries)
            readings = await self._scan()
            for time, _, meaning in self._timeline.entries[known:]:
                print(f"{clock_text(time)}  {meaning}", flush=True)
            if count % _LINE_EVERY == 0:
                self._print_readings(readings)
            count += 1

    def _print_readings(self, readings: Mapping[str, DataValue]) -> None:
        shown = "  ".join(
            f"{name} {self._site.tags[name].show(readings[name])} {self._site.tags[name].unit}"
            for name in ("VT-101A.pv", "TT-111A.pv", "PT-102.pv", "TT-202.pv")
        )
        print(f"{clock_text(self._timeline.now_s)}  {shown}", flush=True)

    async def _scan(self) -> Mapping[str, DataValue]:
        await asyncio.sleep(_REFRESH_S)
        self._plant.check()
        readings = self._reader.latest()
        self._history.add(readings)
        self._timeline.add(readings)
        watched = readings[self._story.slow_tag]
        if (
            not self._is_slow
            and watched.quality is Quality.GOOD
            and isinstance(watched.value, float)
            and watched.value > self._story.slow_over
        ):
            self._is_slow = True
            self._plant.tell(f"speed {self._story.slow_speed:g}")
        return readings

    def _frame(self, readings: Mapping[str, DataValue]) -> Frame:
        return Frame(
            self._story, self._site.tags, readings, self._history, self._timeline,
            self._reader.connections,
            self._console.width,
        )  # fmt: skip

    def _summary(self) -> None:
        print("\nWhat the readers saw, in plant time:")
        for time, tag, meaning in self._timeline.entries:
            print(f"  {clock_text(time)}  {tag:16} {meaning}")
        alarm, trip = (
            self._timeline.first("VAH-101A.active"),
            self._timeline.first("P-101A.tripped"),
        )
        lead = format_duration(trip - alarm) if alarm is not None and trip is not None else "long"
        moral = self._story.moral.format(lead=lead, low=f"{self._timeline.lowest_kpa:.0f}")
        self._console.print(Text(f"\n{moral}"))
