"""Main loop of the demo."""

import asyncio
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console, RenderableType
from rich.live import Live

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.tools.guardrails.ledger.store.database import Ledger

from ...shell.cli.stdio import screen_output
from ...site.tags.connection_text import ConnectionChanges, is_starting
from ...site.tags.sample_buffer import SampleBuffer
from .decisions import OPEN_KEY, Decisions, Keys, single_keys
from .pace import DECIDING_SPEED, MachinePace, approach_speed
from .processes import DemoSystem
from .runs import RunFollower
from .screen import ScreenContent, render
from .summary import folded, print_summary
from .timeline import Timeline, clock_text, good_number

_REFRESH_S = 0.2
_LINE = 71  # characters after the time
_LINE_EVERY = 15  # refreshes between two lines of readings in a pipe
_SAMPLES = 400
_LONGEST_S = 900.0  # wall clock, without the time for decisions
_SILENCE_S = 60.0  # without a good reading
_STOPPED_SPEED = 1.0  # of the plant, which goes on while the demo is stopped


class DemoRun:
    """One run of a demo scenario, on a screen if `is_live`, else in lines."""

    def __init__(
        self, system: DemoSystem, ledger: Ledger, decisions: Decisions, *, is_live: bool
    ) -> None:
        self._system = system
        self._scenario = system.scenario
        self._runs = RunFollower(ledger, system.site)
        self._decisions = decisions
        self._is_live = is_live
        self._timeline = Timeline()
        self._samples = SampleBuffer(("VT-101A.pv", "PT-102.pv"), _SAMPLES)
        self._console = Console(file=screen_output(sys.stdout), highlight=False)
        self._changes = ConnectionChanges()
        self._pace = MachinePace(system.reader.connections, system.scan_s)
        self._printed = 0  # entries of the timeline
        self._speed = 0.0
        self._ended_s: float | None = None
        self._started_s = self._good_s = self._scanned_s = monotonic()

    async def run(self) -> str:
        """Runs the scenario to its end or its time limit, and prints the conclusion.

        Returns:
            What is not as it should be at the end: a frame without an approval, a faulty journal,
            or another ending than the scenario's. Empty if nothing is.

        Raises:
            NotConnected: A process has ended, or nothing good has been read for too long.
        """
        if not self._is_live:
            print(self._scenario.intro, flush=True)
        run_scans = self._show if self._is_live else self._print
        await run_scans()
        while name := self._question:
            await self._decide(name)
            await run_scans()
        is_proven = print_summary(self._system, self._timeline, self._runs, self._console)
        unproven = "" if is_proven else "a frame was not approved, or the journal is faulty"
        return "\n".join(filter(None, (unproven, self._problem)))

    @property
    def _question(self) -> str:
        """The request to decide on, or an empty string."""
        return self._decisions.question(self._runs.waiting)

    @property
    def _is_over(self) -> bool:
        tail_s = self._scenario.tail.plant_s
        return self._ended_s is not None and self._timeline.now_s > self._ended_s + tail_s

    @property
    def _is_done(self) -> bool:
        is_late = monotonic() - self._started_s > _LONGEST_S
        return self._is_over or is_late or bool(self._question)

    @property
    def _is_interlocked(self) -> bool:
        """Whether the interlocks have acted, because nobody approved in time."""
        is_on = self._timeline.is_on
        is_standby_over = is_on("P-101B.running") or is_on("P-101B.tripped")
        return is_on("P-101A.tripped") and is_standby_over

    @property
    def _has_ended(self) -> bool:
        """Returns whether the runs are inactive or the interlocks have acted."""
        found = [self._runs.find(each) for each in self._scenario.endings]
        is_inactive = all(each is not None and each.is_inactive for each in found)
        return self._is_interlocked or (is_inactive and not self._decisions.is_declined)

    @property
    def _problem(self) -> str:
        """Difference from the ending that the scenario should have. Empty if there is none."""
        if self._decisions.refusal:
            return f"the script could not approve: {self._decisions.refusal}"
        if self._is_interlocked and not self._decisions.is_scripted:
            return ""  # a person has rejected it or let it be, or nobody was asked
        if not self._is_over:
            late = f"stopped after {_LONGEST_S:g} s, before the end of the scenario"
            return f"{late}\n{self._scenario.unexpected_ending(self._runs)}".rstrip()
        return self._scenario.unexpected_ending(self._runs)

    async def _decide(self, name: str) -> None:
        """Asks for a decision while the plant runs slowly."""
        asked_s = monotonic()
        scanning = asyncio.create_task(self._keep_scanning())
        try:
            await self._decisions.decide(name)
        finally:
            scanning.cancel()
            await asyncio.gather(scanning, return_exceptions=True)  # the next scan fails as well
        self._started_s += monotonic() - asked_s  # the time for the decision does not count
        self._good_s = monotonic()

    # --- scans --------------------------------------------------------------------------------

    async def _show(self) -> None:
        while not self._is_done:
            with (
                self._keys() as keys,
                Live(console=self._console, screen=True, auto_refresh=False) as live,
            ):
                while not (self._is_done or keys.is_stopped):
                    await self._scan()
                    self._decisions.press(keys.typed(), self._runs.waiting)
                    live.update(self.screen(), refresh=True)

    async def _print(self) -> None:
        count = 0
        while not self._is_done:
            with self._keys() as keys:
                while not (self._is_done or keys.is_stopped):
                    readings = await self._scan()
                    self._decisions.press(keys.typed(), self._runs.waiting)
                    self._print_scan(readings, count)
                    count += 1

    @contextmanager
    def _keys(self) -> Generator[Keys]:
        """Takes single keys. The time for which Ctrl-Z has stopped the demo does not count."""
        with single_keys() as keys:
            yield keys
            if keys.is_stopped:
                self._set_speed(_STOPPED_SPEED)
            stopped_s = monotonic()
        self._started_s += monotonic() - stopped_s
        self._good_s = monotonic()

    def _print_scan(self, readings: Mapping[str, DataValue], count: int) -> None:
        for change in self._changes.news(self._system.reader.connections):
            print(f"{clock_text(self._timeline.now_s)}  {change}", flush=True)
        if any(is_starting(each) for each in self._system.reader.connections):
            return
        self._print_entries()
        if count % _LINE_EVERY == 0:
            self._print_readings(readings)
            if left := self._left_text:
                print(left, flush=True)

    def _print_entries(self) -> None:
        for entry in self._timeline.entries[self._printed :]:
            for line in folded(f"{clock_text(entry.time_s)}  {entry.text}"):
                print(line, flush=True)
        self._printed = len(self._timeline.entries)

    def _print_readings(self, readings: Mapping[str, DataValue]) -> None:
        names = ("VT-101A.pv", "TT-111A.pv", "PT-102.pv")
        for line in _joined([self._reading_text(name, readings[name]) for name in names]):
            print(f"{clock_text(self._timeline.now_s)}  {line}", flush=True)

    def _reading_text(self, name: str, reading: DataValue) -> str:
        tag = self._system.site.tags[name]
        status = "" if reading.quality is Quality.GOOD else f" {reading.status.name}"
        return f"{name} {tag.show(reading)} {tag.unit}{status}"

    async def _keep_scanning(self) -> None:
        while True:
            await self._scan()

    async def _scan(self) -> Mapping[str, DataValue]:
        await asyncio.sleep(_REFRESH_S)
        self._system.check()
        readings = self._system.reader.latest()
        self._check(readings)
        self._samples.add(readings)
        self._timeline.add(readings)
        for each in self._runs.new_events():
            if not each.is_detail:
                self._timeline.add_run_event(each.playbook, each.text)
            if each.is_too_slow:
                self._pace.halve()
        self._decisions.note_waiting(self._runs.waiting)
        if self._ended_s is None and self._has_ended:
            self._ended_s = self._timeline.now_s
        self._pace.look()
        self._set_speed(self._wanted_speed(readings) * self._pace.factor)
        self._note_time()
        return readings

    def _note_time(self) -> None:
        """Notes the time of a scan. The time for a decision that was put off does not count."""
        before_s, self._scanned_s = self._scanned_s, monotonic()
        if self._decisions.left(self._runs.waiting):
            self._started_s += self._scanned_s - before_s

    def _wanted_speed(self, readings: Mapping[str, DataValue]) -> float:
        if self._ended_s is not None:
            return self._scenario.tail.speed
        if self._decisions.is_declined and not self._timeline.is_on("P-101A.tripped"):
            return min(approach_speed(good_number(readings["VT-101A.pv"])), self._scenario.speed)
        is_slow = self._decisions.is_declined or self._runs.is_any_open
        return DECIDING_SPEED if is_slow else self._scenario.speed

    def _set_speed(self, speed: float) -> None:
        if speed != self._speed:
            self._speed = speed
            self._system.plant.send_line(f"speed {speed:g}")

    def _check(self, readings: Mapping[str, DataValue]) -> None:
        now = monotonic()
        if any(reading.quality is Quality.GOOD for reading in readings.values()):
            self._good_s = now
        elif now - self._good_s > _SILENCE_S:
            silence = f"no good reading within {_SILENCE_S:g} s"
            connections = self._system.reader.connections
            raise NotConnected({each.name: each.reason or silence for each in connections})

    @property
    def _left_text(self) -> str:
        """The request that was left open, with its remaining time and the key that opens it."""
        name = self._decisions.left(self._runs.waiting)
        if not name:
            return ""
        left = format_duration(round(self._runs.left_s(name)))
        return f"{name} waits, {left} left: press {OPEN_KEY} to open it."

    def screen(self) -> RenderableType:
        """Returns the present screen."""
        hint = self._scenario.intro
        if self._decisions.is_declined:
            hint = "Not approved. Watch the interlocks act."
        elif left := self._left_text:
            hint = left
        elif self._runs.is_any_open:
            hint = f"Slowed to {self._speed:g}× while a run is active."
        system = self._system
        return render(
            ScreenContent(
                system.site.id, hint, self._runs.find(self._scenario.shown),
                system.site.tags, system.reader.latest(), self._samples, self._timeline,
                system.reader.connections, self._console.width, self._console.height,
            )
        )  # fmt: skip


def _joined(parts: Sequence[str]) -> Iterator[str]:
    """Yields lines of as many parts as fit."""
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 2 > _LINE:
            yield line
            line = ""
        line = f"{line}  {part}" if line else part
    yield line
