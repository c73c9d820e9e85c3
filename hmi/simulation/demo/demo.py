"""Main loop of the demo."""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic

from rich.console import Console, RenderableType
from rich.live import Live

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.session import check_approvable
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ...requests.approve import show_card
from ...shell.charts.sample_buffer import SampleBuffer
from ...shell.cli.stdio import screen_output
from ...shell.terminal.cancellable_prompt import ask_in_thread
from ...site.tags.connection_text import ConnectionChanges, is_starting
from .approver import DemoApprover
from .people import APPROVER
from .processes import DemoSystem
from .runs import RunFollower
from .screen import ScreenContent, render
from .summary import folded, print_summary
from .timeline import Timeline, clock_text, good_number

DECIDING_SPEED = 10.0
"""Plant seconds per second while a run is under way, or something is about to happen."""

_REFRESH_S = 0.2
_LINE = 71  # characters after the time
_LINE_EVERY = 15  # refreshes between two lines of readings in a pipe
_SAMPLES = 400
_LONGEST_S = 240.0  # wall clock, without the time for decisions
_SILENCE_S = 10.0  # without a good reading
_TRIP_MM_S = 8.1  # I-02
_MARGIN_MM_S = 0.05  # margin to the trip at DECIDING_SPEED; the speed grows in proportion to it


class DemoRun:
    """One run of a demo scenario, on a screen if `is_live`, else in lines."""

    def __init__(self, system: DemoSystem, ledger: Database, *, is_live: bool) -> None:
        self._system = system
        self._scenario = system.scenario
        self._runs = RunFollower(ledger, system.site)
        self._approver = DemoApprover(system.site, system.people)
        self._is_live = is_live
        self._timeline = Timeline()
        self._samples = SampleBuffer(("VT-101A.pv", "PT-102.pv"), _SAMPLES)
        self._console = Console(file=screen_output(sys.stdout), highlight=False)
        self._changes = ConnectionChanges()
        self._asked: set[str] = set()
        self._is_declined = False
        self._printed = 0  # entries of the timeline
        self._speed = 0.0
        self._ended_s: float | None = None
        self._started_s = self._good_s = monotonic()

    async def run(self, approve_after_s: float | None, *, asks: bool = True) -> bool:
        """Runs the scenario to its end or its time limit, and prints the conclusion.

        Args:
            approve_after_s: Seconds after which a script approves; `None` asks the viewer, of
                whom there is none in a pipe.
            asks: Whether the viewer may be asked at all.

        Returns:
            Whether every frame was approved, and nothing is wrong with the journal.

        Raises:
            NotConnected: A process has ended, or nothing good has been read for too long.
        """
        if not self._is_live:
            print(self._scenario.intro, flush=True)
        run_scans = self._show if self._is_live else self._print
        await run_scans()
        while name := self._question:
            self._asked.add(name)
            await self._decide(name, approve_after_s, asks=asks)
            await run_scans()
        ended = ""
        if not self._is_over:
            ended = f"Stopped after {_LONGEST_S:g} s, before the end of the scenario."
        return print_summary(self._system, self._timeline, self._runs, self._console, ended)

    @property
    def _question(self) -> str:
        """The request that waits for a decision, or an empty string."""
        return next((each for each in self._runs.waiting if each not in self._asked), "")

    @property
    def _is_over(self) -> bool:
        tail_s = self._scenario.tail.plant_s
        return self._ended_s is not None and self._timeline.now_s > self._ended_s + tail_s

    @property
    def _is_done(self) -> bool:
        is_late = monotonic() - self._started_s > _LONGEST_S
        return self._is_over or is_late or bool(self._question)

    @property
    def _has_ended(self) -> bool:
        """Returns whether the runs are inactive or the interlocks have acted."""
        if self._is_declined:
            is_on = self._timeline.is_on
            is_standby_over = is_on("P-101B.running") or is_on("P-101B.tripped")
            return is_on("P-101A.tripped") and is_standby_over
        found = [self._runs.find(each) for each in self._scenario.playbooks]
        return all(each is not None and each.is_inactive for each in found)

    # --- the question -------------------------------------------------------------------------

    async def _decide(self, name: str, approve_after_s: float | None, *, asks: bool) -> None:
        """Asks for a decision while the plant runs slowly."""
        print(f"\nThe agents request: {name}", flush=True)
        asked_s = monotonic()
        scanning = asyncio.create_task(self._keep_scanning())
        try:
            state = await self._answer(name, approve_after_s, asks=asks)
        except GuardrailError as refusal:
            print(f"handwheel: {refusal}", flush=True)
            state = None
        finally:
            scanning.cancel()
            await asyncio.gather(scanning, return_exceptions=True)  # the next scan fails as well
        self._started_s += monotonic() - asked_s  # the time for the decision does not count
        self._good_s = monotonic()
        if state is RequestState.APPROVED:
            print("Approved. The gate executes it.\n", flush=True)
            return
        self._is_declined = True
        outcome = "Rejected" if state is RequestState.REJECTED else "Not approved"
        print(f"{outcome}. Nothing is sent, and the demo continues.\n", flush=True)

    async def _answer(
        self, name: str, approve_after_s: float | None, *, asks: bool
    ) -> RequestState | None:
        card = await self._approver.settle(name)
        if approve_after_s is None and asks and card.is_approvable:
            print(f"You are the operator {APPROVER}. Read the card, then decide.\n", flush=True)
            return await ask_in_thread(lambda: self._approver.ask(name))
        show_card(card)
        check_approvable(card)
        if approve_after_s is None:
            print("\nnot approved: --headless asks no operator", flush=True)
            return None
        print(f"\nno operator is asked: a script signs as {APPROVER}", flush=True)
        await asyncio.sleep(approve_after_s)
        return await asyncio.to_thread(self._approver.approve_unattended, name)

    # --- scans --------------------------------------------------------------------------------

    async def _show(self) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while not self._is_done:
                await self._scan()
                live.update(self.screen(), refresh=True)

    async def _print(self) -> None:
        count = 0
        while not self._is_done:
            readings = await self._scan()
            for change in self._changes.news(self._system.reader.connections):
                print(f"{clock_text(self._timeline.now_s)}  {change}", flush=True)
            if any(is_starting(each) for each in self._system.reader.connections):
                continue
            self._print_entries()
            if count % _LINE_EVERY == 0:
                self._print_readings(readings)
            count += 1

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
        if self._ended_s is None and self._has_ended:
            self._ended_s = self._timeline.now_s
        self._set_speed(self._wanted_speed(readings))
        return readings

    def _wanted_speed(self, readings: Mapping[str, DataValue]) -> float:
        if self._ended_s is not None:
            return self._scenario.tail.speed
        if self._is_declined and not self._timeline.is_on("P-101A.tripped"):
            return min(approach_speed(good_number(readings["VT-101A.pv"])), self._scenario.speed)
        is_slow = self._is_declined or self._runs.is_any_open
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

    def screen(self) -> RenderableType:
        """Returns the present screen."""
        hint = self._scenario.intro
        if self._is_declined:
            hint = "Not approved. Watch the interlocks act."
        elif self._runs.is_any_open:
            hint = f"Slowed to {DECIDING_SPEED:g} plant seconds per second while a run is active."
        system = self._system
        return render(
            ScreenContent(
                system.site.id, hint, self._runs.find(self._scenario.playbooks[0]),
                system.site.tags, system.reader.latest(), self._samples, self._timeline,
                system.reader.connections, self._console.width, self._console.height,
            )
        )  # fmt: skip


def approach_speed(vibration_mm_s: float | None) -> float:
    """Returns plant seconds per second, fewer the nearer the trip of P-101A.

    What follows the trip is over within 20 plant seconds. What is not known counts as near.
    """
    if vibration_mm_s is None:
        return DECIDING_SPEED
    margin = (_TRIP_MM_S - vibration_mm_s) / _MARGIN_MM_S
    return DECIDING_SPEED * max(1.0, margin // 1.0)


def _joined(parts: Sequence[str]) -> Iterator[str]:
    """Yields lines of as many parts as fit."""
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 2 > _LINE:
            yield line
            line = ""
        line = f"{line}  {part}" if line else part
    yield line
