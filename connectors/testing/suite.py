"""Base of all checks, with a rig for each and reasons for skipped ones."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import ClassVar

import pytest

from ..errors import NotConnected
from ..model.tags import Tag
from ..model.values import DataValue
from ..session.protocols import Browses, Describes, Session, Subscribes
from .claims import Capability, Claim, load_quality
from .rig import Item, Rig, RigFeature

SLACK_S = 2.0
"""Additional time for each operation on a busy machine, seconds."""


_LONGEST_S = 30.0  # limit of a check, so that a connector that hangs fails it


class Suite:
    """Base of the checks. Each is a method whose name is the rule's id.

    Attributes:
        quality: The connector's `quality.toml`. A rule that is not done is skipped with its
            comment, and a done rule cannot be skipped for a missing feature. A base rule is always
            done.
    """

    quality: ClassVar[Path | None] = None

    def rig(self) -> AbstractAsyncContextManager[Rig]:
        """Makes a rig and ends it. Each connector's test overrides it."""
        raise NotImplementedError

    @classmethod
    def claims(cls) -> Mapping[str, Claim]:
        """Returns the connector's claims by rule, none without a `quality.toml`."""
        return {} if cls.quality is None else load_quality(cls.quality).rules

    @pytest.fixture(autouse=True)
    def _only_what_is_claimed(self, request: pytest.FixtureRequest) -> None:
        claim = self.claims().get(rule_of(request.function.__name__))
        if claim is not None and claim.status != "done":
            pytest.skip(f"{claim.status}: {claim.comment}")

    @classmethod
    def claimed_capabilities(cls) -> frozenset[Capability]:
        """Returns the capabilities that `quality.toml` claims."""
        return frozenset() if cls.quality is None else load_quality(cls.quality).capabilities

    @asynccontextmanager
    async def _rigged(self, *needs: RigFeature) -> AsyncGenerator[Rig]:
        async with asyncio.timeout(_LONGEST_S), self.rig() as rig:
            for feature in needs:
                self._need(rig, feature)
            before = 0 if rig.writes is None else rig.writes()
            yield rig
            after = before if rig.writes is None else rig.writes()
            assert after == before, f"{after - before} writes have reached the device"

    def _need(self, rig: Rig, feature: RigFeature) -> None:
        reason = rig.cannot.get(feature, "")
        if rig.has(feature):
            assert not reason, f"the rig has {feature!r}, and says that it has not"
            return
        assert reason, f"the rig has no {feature!r}, and does not say why in `cannot`"
        self._skip(f"the rig has no {feature}: {reason}")

    @classmethod
    def _skip(cls, reason: str) -> None:
        assert cls.quality is None, f"quality.toml says done, but {reason}"
        pytest.skip(reason)

    @asynccontextmanager
    async def _opened(self, *needs: RigFeature) -> AsyncGenerator[tuple[Rig, Session]]:
        async with self._rigged(*needs) as rig:
            session = await rig.connector.open()
            try:
                yield rig, session
            finally:
                await session.close()

    @asynccontextmanager
    async def _able(
        self, capability: type, *needs: RigFeature
    ) -> AsyncGenerator[tuple[Rig, Session]]:
        async with self._opened(*needs) as (rig, session):
            if not isinstance(session, capability):
                self._skip(f"the session is no {capability.__name__}")
            yield rig, session


def rule_of(check: str) -> str:
    """Returns the id of the rule that a check proves."""
    return check.removeprefix("test_").replace("_", "-")


def capabilities_of(session: Session, *, encodes: bool) -> frozenset[Capability]:
    """Returns the capabilities of a session."""
    found: dict[Capability, bool] = {
        "browses": isinstance(session, Browses),
        "describes": isinstance(session, Describes),
        "subscribes": isinstance(session, Subscribes),
        "encodes": encodes,
    }
    return frozenset(name for name, is_there in found.items() if is_there)


def fits(reading: DataValue, item: Item) -> bool:
    """Whether a reading equals the device's value in type, bits, status and time."""
    same_type = type(reading.value) is type(item.value)
    same_time = item.source_time is None or reading.source_time == item.source_time
    is_same = same_type and same_time and reading.value == item.value
    return is_same and reading.status == item.status


async def read_exactly(session: Session, items: Sequence[Item]) -> None:
    """Reads the items and checks that each comes once with the device's value."""
    readings = await session.read([item.tag for item in items])
    assert set(readings) == {item.tag.name for item in items}, "not one reading for each tag"
    check_readings(readings, items)


def check_readings(readings: Mapping[str, DataValue], items: Sequence[Item]) -> None:
    """Checks that these items are read with the device's values."""
    for item in items:
        reading = readings.get(item.tag.name)
        assert isinstance(reading, DataValue), f"{item.tag.name}: a bare {reading!r}"
        assert fits(reading, item), f"{item.tag.name}: {reading}, and the device holds {item}"


async def check_lost(rig: Rig, call: Callable[[], Awaitable[object]], within_s: float) -> None:
    """Checks that a call raises `NotConnected` under the connection's name and in time."""
    name = rig.connector.name
    error = await _error_of(call, within_s + SLACK_S)
    assert isinstance(error, NotConnected), (
        f"no NotConnected, time-out {rig.timeout_s:g} s, but {error!r}"
    )
    assert error.endpoints.get(name), f"{error.endpoints} gives no reason under {name!r}"
    _hides(rig, str(error))


async def _error_of(call: Callable[[], Awaitable[object]], within_s: float) -> BaseException | None:
    task = asyncio.ensure_future(call())
    done, _ = await asyncio.wait([task], timeout=within_s)
    if done:
        return asyncio.CancelledError() if task.cancelled() else task.exception()
    task.cancel()
    await asyncio.wait([task], timeout=SLACK_S)
    return TimeoutError(f"nothing within {within_s:g} s")


async def until(is_so: Callable[[], bool], within_s: float, message: str) -> None:
    """Polls for a condition, and fails with `message` if it does not come."""
    deadline_s = monotonic() + within_s
    while not is_so():
        assert monotonic() < deadline_s, message
        await asyncio.sleep(0.01)


def _hides(rig: Rig, *texts: str) -> None:
    for secret in rig.secrets:
        assert not any(secret in text for text in texts), "a secret shows"


def check_hidden(rig: Rig, *shown: object) -> None:
    """Checks that these objects do not show a secret."""
    _hides(rig, *(text for each in shown for text in (repr(each), str(each))))


def other_value(tag: Tag, value: object) -> bool | int | float | str:
    """Returns another value of a tag's kind that a small type also holds."""
    if tag.kind == "bool":
        return not value
    if tag.kind == "string":
        return "other"
    if tag.kind == "enum":
        return next(number for number in tag.members.values() if number != value)
    return 2.5 if tag.kind == "float" and value != 2.5 else 3
