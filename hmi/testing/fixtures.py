"""Driver of a trial behind plain functions, and the fixtures that use it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from math import inf
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import pytest

from handwheel.connectors.config.durations import format_duration, parse_duration
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Array, DataValue, Value
from handwheel.evaluation.plants.installed_plants import in_seconds, model_of
from handwheel.evaluation.trial.outcome import FiledRequest, Outcome, RunOutcome, SentWrite
from handwheel.evaluation.trial.site import OPERATORS
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.evaluation.trial.trial import Setup, Trial, Verdict
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.conditions import History, Truth, parse_condition

SPEED = 10.0
"""Plant seconds per second of a test whose plant has a process, if it says nothing else."""
_KEYS = ("model", "seed", "speed")


@dataclass(frozen=True, slots=True)
class WantedPlant:
    """Arguments of the marker `plant`."""

    model: str = ""  # empty for the site's
    seed: int | None = 1  # of its noise; `None` for none
    speed: float = SPEED  # plant seconds per second, where it has a process


def wanted_plant(node: pytest.Item) -> WantedPlant:
    """Returns what the nearest marker of a test says. With a wrong one the test fails."""
    marker = node.get_closest_marker("plant")
    if marker is None:
        return WantedPlant()
    if marker.args or marker.kwargs.keys() - set(_KEYS):
        pytest.fail(f"the marker plant takes {', '.join(_KEYS)} by name", pytrace=False)
    return WantedPlant(**marker.kwargs)


def setup_for(site: Site, wanted: WantedPlant) -> Setup:
    """Returns what the fixtures of a test need."""
    return Setup(site, wanted.model or model_of(site), wanted.seed)


_T = TypeVar("_T")


def open_trial(kind: str, setup: Setup, speed: float) -> AbstractAsyncContextManager[Trial]:
    """Returns the trial of an option of the command line, to be opened.

    Args:
        speed: Plant seconds per second, where the plant has a process.
    """
    if kind == "stepped":
        return SteppedTrial.of(setup)
    from .process_trial import ProcessTrial

    return ProcessTrial.open(setup, speed)


class Driver:
    """Runs a trial, in a thread of its own, while the context is open.

    Args:
        opening: Trial to be opened, from `open_trial`.

    Attributes:
        trial: The open trial. Only its plain attributes may be used from other threads.
    """

    trial: Trial

    def __init__(self, opening: AbstractAsyncContextManager[Trial]) -> None:
        self._opening = opening
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="handwheel", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.trial = self.run(self._opening.__aenter__())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.run(self._opening.__aexit__(kind, error, trace))
        finally:
            self._close()

    def _close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Waits for some work of the trial, which is cancelled by Ctrl-C."""
        doing = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return doing.result()
        except KeyboardInterrupt:
            doing.cancel()
            raise

    def outcome(self) -> Outcome:
        """Returns all that was done up to now, which only the loop's thread may read."""
        return self.run(self._outcome())

    async def _outcome(self) -> Outcome:
        return self.trial.outcome()

    def pass_until(self, is_so: Callable[[], Awaitable[bool]], within_s: float) -> bool:
        """Lets process time pass until something is so, and returns whether it is in time."""
        return self.run(self._pass_until(is_so, within_s))

    async def _pass_until(self, is_so: Callable[[], Awaitable[bool]], within_s: float) -> bool:
        end_s = self.trial.now_s + within_s
        try:
            if not self.trial.readings:
                await self.trial.step()
            while not await is_so():
                if self.trial.now_s >= end_s:
                    return False
                await self.trial.step()
            return True
        finally:
            await self.trial.rest()

    async def _never(self) -> bool:
        return False

    def pass_for(self, seconds: float) -> None:
        """Lets process time pass."""
        self.pass_until(self._never, seconds)


def seconds_of(duration: float | str) -> float:
    """Returns seconds, also of a text such as `10 min`. Another text raises `ValueError`."""
    return parse_duration(duration) if isinstance(duration, str) else duration


class _Driven:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver


class TestedPlant(_Driven):
    """The simulated plant as the site's tags show it. Its time passes only when it is told to."""

    @property
    def now_s(self) -> float:
        """Process time since the beginning of the test, seconds."""
        return self._driver.trial.now_s

    def __getitem__(self, tag: str) -> Value | Array | None:
        """Returns the value of a tag at the latest scan, `None` if it has none."""
        return self.reading(tag).value

    def reading(self, tag: str) -> DataValue:
        """Returns a tag's value with its status. Raises `KeyError` for another tag."""
        if not self._driver.trial.readings:
            self._driver.pass_for(0.0)
        readings = self._driver.trial.readings
        if tag not in readings:
            raise KeyError(f"there is no tag {tag!r}{did_you_mean(tag, readings)}")
        return readings[tag]

    def run_for(self, duration: float | str) -> None:
        """Lets seconds pass, scan by scan, or the time of a text such as `10 min`."""
        self._driver.pass_for(seconds_of(duration))

    def until(self, condition: str, within: float | str) -> bool:
        """Lets time pass until a condition is true, and returns whether it is within a time.

        Args:
            condition: On the site's tags, such as `P-101B.running`; a window begins now.
            within: Seconds, or a text such as `10 min`.

        Raises:
            ConditionError: It is not valid, with its column.
        """
        trial = self._driver.trial
        wanted = parse_condition(condition, trial.site.tags, windows=True)
        history = History([wanted])

        async def is_true() -> bool:
            history.observe(trial.readings, trial.now_s)
            return wanted.evaluate(trial.readings, history) is Truth.TRUE

        return self._driver.pass_until(is_true, seconds_of(within))

    @property
    def writes(self) -> Sequence[SentWrite]:
        """Writes that the gate has sent, the oldest first."""
        return self._driver.outcome().writes


class OperatorDesk(_Driven):
    """Desk of the operators, each with a key and every role that is asked for."""

    @property
    def waiting(self) -> Sequence[FiledRequest]:
        """The requests that wait for a decision, the oldest first."""
        return self._driver.run(self._waiting())

    async def _waiting(self) -> Sequence[FiledRequest]:
        waiting = {each.request.request_id for each in self._driver.trial.waiting}
        filed = (self._driver.trial.outcome()).requests if waiting else ()
        return [each for each in filed if each.request_id in waiting]

    def approve(
        self, step: str = "", within: float | str = 0.0, by: str | Sequence[str] = OPERATORS
    ) -> FiledRequest:
        """Approves a request at its card, by as many people as must sign. See `reject`."""
        return self._decide("approve", step, within, by)

    def reject(
        self, step: str = "", within: float | str = 0.0, by: str | Sequence[str] = OPERATORS
    ) -> FiledRequest:
        """Rejects a request.

        Args:
            step: A step whose write is asked for; empty for the oldest request.
            within: How long a request is waited for: seconds, or a text such as `10 min`.
            by: A person or several, by default `anna` and `ben`.

        Returns:
            The request.

        Raises:
            LookupError: No such request waits within the time.
            GuardrailError: The decision does not count, such as for a problem on the card.
        """
        return self._decide("reject", step, within, by)

    def _decide(
        self, verdict: Verdict, step: str, within: float | str, by: str | Sequence[str]
    ) -> FiledRequest:
        request = self._awaited(step, seconds_of(within))
        for person in [by] if isinstance(by, str) else by:
            if request.request_id in {each.request_id for each in self.waiting}:
                decision = self._driver.trial.decide(verdict, request.request_id, person)
                self._driver.run(decision)
        return request

    def _awaited(self, step: str, within_s: float) -> FiledRequest:
        found: list[FiledRequest] = []

        async def is_filed() -> bool:
            waiting = await self._waiting()
            found.extend(each for each in waiting if not step or step in each.steps)
            return bool(found)

        if not self._driver.pass_until(is_filed, within_s):
            about = f" of step {step}" if step else ""
            at = format_duration(self._driver.trial.now_s)
            raise LookupError(f"no request{about} waits at {at} of the test")
        return found[0]


class Fault(_Driven):
    """Lets faults of the plant begin."""

    def __call__(
        self,
        fault: str,
        *,
        over: float | str = 0.0,
        lasts: float | str = inf,
        **parameters: float | str,
    ) -> None:
        """Lets a fault begin now.

        Args:
            fault: Its id, such as `F01`.
            over: How long it grows to its full size.
            lasts: When it is gone again.
            parameters: Numbers in SI or words; a duration such as `1 h` where it is a time.

        Raises:
            ScenarioError: The plant does not have it.
        """
        kind = self._driver.trial.plant_faults.get(fault)
        values = {name: _parameter(kind, name, each) for name, each in parameters.items()}
        event = FaultEvent(fault, 0.0, values, seconds_of(over), seconds_of(lasts))
        self._driver.run(self._driver.trial.inject(event))


def _parameter(kind: FaultKind | None, name: str, value: float | str) -> float | str:
    if isinstance(value, str):
        return seconds_of(value) if kind and in_seconds(kind, name) else value
    return float(value)


class Link(_Driven):
    """Connections of the site to the plant, by their names in `site.yaml`."""

    def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        self._driver.run(self._driver.trial.cut(connection))

    def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        self._driver.run(self._driver.trial.mend(connection))

    @contextmanager
    def down(self, connection: str) -> Generator[None]:
        """Loses a connection while the context is open."""
        self.cut(connection)
        try:
            yield
        finally:
            self.mend(connection)


class Runs(_Driven, Sequence[RunOutcome]):
    """Runs as the ledger has them now, the oldest first."""

    @overload
    def __getitem__(self, index: int) -> RunOutcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RunOutcome]: ...
    def __getitem__(self, index: int | slice) -> RunOutcome | Sequence[RunOutcome]:
        """Returns a run, or some."""
        return self._now()[index]

    def __iter__(self) -> Iterator[RunOutcome]:
        """Returns the present runs."""
        return iter(self._now())

    def __len__(self) -> int:
        """Returns how many there are."""
        return len(self._now())

    def _now(self) -> Sequence[RunOutcome]:
        return self._driver.outcome().runs
