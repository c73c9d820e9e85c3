"""The kit finds defects: each of these connectors is broken in one way, and one check sees it."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.values import Quality
from handwheel.connectors.testing import FEATURES, RULES, Conformance, Rig, suite
from handwheel.connectors.testing import loss_checks as loss
from handwheel.connectors.testing import session_checks as sessions
from handwheel.connectors.testing import subscription_checks as subscribing
from handwheel.connectors.testing.fake import FakeConnector

from . import defects as broken
from . import defects_beyond_reading as broken_extras
from .defects import opening, reading
from .rig_fake import fake_rig

DEFECTS: list[tuple[str, type[FakeConnector]]] = [
    ("one-value-per-tag", opening(broken.Drops)),
    ("one-value-per-tag", opening(broken.Swaps)),
    ("information-bits-are-kept", reading(broken.without_information)),
    ("values-are-typed", reading(broken.bare)),
    ("values-are-typed", reading(broken.as_float)),
    ("unknown-item-is-isolated", reading(broken.other_code)),
    ("refused-item-is-isolated", opening(broken.RefusesAll)),
    ("refused-item-is-isolated", opening(broken.KeepsTheLastGood)),
    ("bad-quality-is-a-value", reading(broken.hiding(Quality.BAD))),
    ("uncertain-quality-is-a-value", reading(broken.hiding(Quality.UNCERTAIN))),
    ("times-are-utc", reading(broken.naive)),
    ("times-are-of-the-device", reading(broken.sampled_now)),
    ("ages-begin-with-arrival", reading(broken.by_wall_clock)),
    ("changed-value-is-read", opening(broken.Caches)),
    ("concurrent-reads-keep-apart", opening(broken.SharesABuffer)),
    ("cancelled-read-is-clean", opening(broken.TakesWhatComesNext)),
    ("loop-stays-free", opening(broken.Blocks)),
    ("refused-call-is-not-connected", opening(broken.NamesNobody)),
    ("silent-call-is-not-connected", opening(broken.HasNoTimeout)),
    ("lost-session-is-not-connected", opening(broken.ValueErrorOnLoss)),
    ("lost-session-is-not-connected", opening(broken.Revives)),
    ("silent-read-is-not-connected", opening(broken.KeepsOnLoss)),
    ("silent-probe-is-not-connected", opening(broken.ProbesNothing)),
    ("cut-turns-every-tag-bad", opening(broken.KeepsOnLoss)),
    ("comes-back-by-itself", broken_extras.OpensOnce),
    ("healthy-session-has-no-faults", opening(broken.IsAlwaysAtFault)),
    ("sessions-are-fresh", broken_extras.SharesASession),
    ("close-is-final", opening(broken.StaysOpen)),
    ("close-is-quick", opening(broken.ClosesWhenItLikes)),
    ("nothing-is-left", opening(broken.LeaksATask)),
    ("nothing-is-left", opening(broken.LeaksADescriptor)),
    ("nothing-writes", opening(broken.Writes)),
    ("secrets-stay-hidden", broken_extras.TellsItsSecret),
    ("connector-names-itself", broken_extras.NeverScans),
    ("cancelled-open-leaves-nothing", broken_extras.LeavesAnOpenBehind),
    ("browsing-finds-every-item", opening(broken_extras.HasNoRoot)),
    ("browsing-a-lost-device-is-not-connected", opening(broken.SwallowsLoss)),
    ("describing-a-lost-device-is-not-connected", opening(broken.SwallowsLoss)),
    ("lost-subscription-is-not-connected", opening(broken.SwallowsLoss)),
    ("encoder-of-a-lost-device-is-not-connected", opening(broken.SwallowsLoss)),
    ("encoder-knows-whom-it-writes-to", opening(broken_extras.EncodesForAnybody)),
    ("refused-tag-is-told-once", broken_extras.SHY),
    ("browsing-nothing-is-a-value-error", opening(broken_extras.BrowsesNothing)),
    ("descriptions-fit-the-tags", opening(broken_extras.DescribesAll)),
    ("first-values-are-told", broken_extras.LATE),
    ("changes-come-in-order", broken_extras.BACKWARDS),
    ("every-change-is-told", opening(broken_extras.TellsOneInterval)),
    ("change-of-quality-is-told", broken_extras.CHEERFUL),
    ("change-of-quality-is-told", broken_extras.STUCK),
    ("life-is-shown", broken_extras.DEAF),
    ("overflow-is-visible", broken_extras.QUIET),
    ("encoded-is-what-a-reader-finds", opening(broken_extras.EncodesUnrounded)),
    ("encoder-refuses-what-does-not-fit", opening(broken_extras.EncodesAnything)),
]


class _Kit(Conformance):
    def __init__(self, rig: Rig) -> None:
        self._made = rig

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        yield self._made

    async def check(self, rule: str) -> None:
        await getattr(self, f"test_{rule.replace('-', '_')}")()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect need not be waited for as long as a busy machine."""
    for module in (suite, sessions, subscribing):
        monkeypatch.setattr(module, "SLACK_S", 0.1)
    monkeypatch.setattr(sessions, "_CLOSED_S", 0.1)
    monkeypatch.setattr(loss, "_GIVING_UP_S", 0.0)
    monkeypatch.setattr(loss, "_BACK_S", 0.5)
    monkeypatch.setattr(subscribing, "_TOLD_S", 0.2)
    monkeypatch.setattr(subscribing, "_ALIVE_S", 0.2)


@pytest.fixture(autouse=True)
def nothing_left() -> Generator[None]:
    yield
    for leftovers in (broken.LeaksATask.left, broken.LeaksADescriptor.left):
        while leftovers:
            left = leftovers.pop()
            os.close(left) if isinstance(left, int) else left.cancel()


def test_every_check_has_seen_a_defect() -> None:
    seen = {rule for rule, _ in DEFECTS} | {"capabilities-are-claimed"}  # it has its test below
    assert seen == RULES.keys() - FEATURES.keys()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("rule", "connector"), DEFECTS)
async def test_a_defect_is_found(rule: str, connector: type[FakeConnector]) -> None:
    rig = fake_rig(connector)
    if rule == "secrets-stay-hidden":
        rig = replace(rig, secrets=["open sesame"], cannot={})
    with pytest.raises(AssertionError):
        await _Kit(rig).check(rule)


class _Claiming(_Kit):
    quality = Path(__file__).parents[3] / "connectors/testing/quality.toml"


async def test_a_capability_that_is_claimed_must_be_found() -> None:
    await _Claiming(fake_rig()).check("capabilities-are-claimed")
    with pytest.raises(AssertionError, match=r"claimed .*'browses'.*, found .'encodes'"):
        await _Claiming(fake_rig(broken_extras.OpensThoseThatOnlyRead)).check(
            "capabilities-are-claimed"
        )


async def test_what_a_session_cannot_do_is_skipped_and_not_passed() -> None:
    with pytest.raises(pytest.skip.Exception, match="the session is no Browses"):
        await _Kit(fake_rig(broken_extras.OpensThoseThatOnlyRead)).check(
            "browsing-finds-every-item"
        )


async def test_what_a_rig_cannot_do_is_said_or_the_check_fails() -> None:
    rule = "refused-item-is-isolated"
    missing = replace(fake_rig(), refuse=None)
    with pytest.raises(AssertionError, match="does not say why"):
        await _Kit(missing).check(rule)
    said = replace(missing, cannot={"refuse": "it is too kind"})
    with pytest.raises(pytest.skip.Exception, match="it is too kind"):
        await _Kit(said).check(rule)
    with pytest.raises(AssertionError, match=r"quality\.toml says done, but .* too kind"):
        await _Claiming(said).check(rule)
    with pytest.raises(AssertionError, match="says that it has not"):
        await _Kit(replace(fake_rig(), cannot={"refuse": "it is too kind"})).check(rule)
