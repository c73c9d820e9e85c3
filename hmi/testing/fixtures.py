"""Plant, people, faults, connections and runs of a test, as its fixtures give them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import overload

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.values import Array, DataValue, Value
from handwheel.evaluation.plants.installed_plants import in_seconds
from handwheel.evaluation.playbook_tests.case import Verdict
from handwheel.evaluation.playbook_tests.outcome import FiledRequest, RunOutcome, SentWrite
from handwheel.evaluation.room.enrolment import OPERATORS
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.conditions import History, Truth, parse_condition

from .driver import Driver, seconds_of


class _Driven:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver


class TestedPlant(_Driven):
    """The simulated plant as the site's tags show it. Its time passes only when it is told to."""

    @property
    def now_s(self) -> float:
        """Process time since the beginning of the test, seconds."""
        return self._driver.engine.now_s

    def __getitem__(self, tag: str) -> Value | Array | None:
        """Returns the value of a tag at the latest scan, `None` if it has none."""
        return self.reading(tag).value

    def reading(self, tag: str) -> DataValue:
        """Returns a tag's value with its status. Raises `KeyError` for another tag."""
        if not self._driver.engine.readings:
            self._driver.pass_for(0.0)
        readings = self._driver.engine.readings
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
        engine = self._driver.engine
        wanted = parse_condition(condition, engine.site.tags, windows=True)
        history = History([wanted])

        async def is_true() -> bool:
            history.observe(engine.readings, engine.now_s)
            return wanted.evaluate(engine.readings, history) is Truth.TRUE

        return self._driver.pass_until(is_true, seconds_of(within))

    @property
    def writes(self) -> Sequence[SentWrite]:
        """Writes that the gate has sent, the oldest first."""
        return self._driver.run(self._driver.engine.outcome()).writes


class OperatorDesk(_Driven):
    """Desk of the operators, each with a key and every role that is asked for."""

    @property
    def waiting(self) -> Sequence[FiledRequest]:
        """The requests that wait for a decision, the oldest first."""
        return self._driver.run(self._waiting())

    async def _waiting(self) -> Sequence[FiledRequest]:
        waiting = {each.request.request_id for each in await self._driver.engine.waiting()}
        filed = (await self._driver.engine.outcome()).requests if waiting else ()
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
                decision = self._driver.engine.decide(verdict, request.request_id, person)
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
            at = format_duration(self._driver.engine.now_s)
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
        kind = self._driver.engine.plant_faults.get(fault)
        values = {name: _parameter(kind, name, each) for name, each in parameters.items()}
        event = FaultEvent(fault, 0.0, values, seconds_of(over), seconds_of(lasts))
        self._driver.run(self._driver.engine.inject(event))


def _parameter(kind: FaultKind | None, name: str, value: float | str) -> float | str:
    if isinstance(value, str):
        return seconds_of(value) if kind and in_seconds(kind, name) else value
    return float(value)


class Link(_Driven):
    """Connections of the site to the plant, by their names in `site.yaml`."""

    def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        self._driver.run(self._driver.engine.cut(connection))

    def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        self._driver.run(self._driver.engine.mend(connection))

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
        return self._driver.run(self._driver.engine.outcome()).runs
