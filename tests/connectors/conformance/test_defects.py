"""The kit finds defects: each of these connectors is broken in one way, and one check sees it."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.values import Quality
from handwheel.connectors.testing import (
    FEATURES,
    RULES,
    Conformance,
    Rig,
    loss_checks,
    session_checks,
    subscription_checks,
    suite,
)
from handwheel.connectors.testing.fake import FakeConnector

from . import defects, defects_beyond_reading
from .defects import opening, reading
from .rig_fake import fake_rig

DEFECTS: list[tuple[str, type[FakeConnector]]] = [
    ("one-value-per-tag", opening(defects.Drops)),
    ("one-value-per-tag", opening(defects.Swaps)),
    ("information-bits-are-kept", reading(defects.without_information)),
    ("values-are-typed", reading(defects.bare)),
    ("values-are-typed", reading(defects.as_float)),
    ("unknown-item-is-isolated", reading(defects.other_code)),
    ("refused-item-is-isolated", opening(defects.RefusesAll)),
    ("bad-quality-is-a-value", reading(defects.hiding(Quality.BAD))),
    ("uncertain-quality-is-a-value", reading(defects.hiding(Quality.UNCERTAIN))),
    ("times-are-utc", reading(defects.naive)),
    ("times-are-of-the-device", reading(defects.sampled_now)),
    ("ages-begin-with-arrival", reading(defects.by_wall_clock)),
    ("ages-begin-with-arrival", reading(defects.old_by_its_source)),
    ("changed-value-is-read", opening(defects.Caches)),
    ("concurrent-reads-keep-apart", opening(defects.SharesABuffer)),
    ("cancelled-read-is-clean", opening(defects.TakesWhatComesNext)),
    ("loop-stays-free", opening(defects.Blocks)),
    ("refused-call-is-not-connected", opening(defects.NamesNobody)),
    ("silent-call-is-not-connected", opening(defects.HasNoTimeout)),
    ("lost-session-is-not-connected", opening(defects.ValueErrorOnLoss)),
    ("silent-read-is-not-connected", opening(defects.KeepsOnLoss)),
    ("silent-probe-is-not-connected", opening(defects.ProbesNothing)),
    ("cut-turns-every-tag-bad", opening(defects.KeepsOnLoss)),
    ("comes-back-by-itself", defects_beyond_reading.OpensOnce),
    ("healthy-session-has-no-faults", opening(defects.IsAlwaysAtFault)),
    ("sessions-are-fresh", defects_beyond_reading.SharesASession),
    ("close-is-final", opening(defects.StaysOpen)),
    ("close-is-quick", opening(defects.ClosesWhenItLikes)),
    ("nothing-is-left", opening(defects.LeaksATask)),
    ("nothing-is-left", opening(defects.LeaksADescriptor)),
    ("nothing-writes", opening(defects.Writes)),
    ("secrets-stay-hidden", defects_beyond_reading.TellsItsSecret),
    ("connector-names-itself", defects_beyond_reading.NeverScans),
    ("cancelled-open-leaves-nothing", defects_beyond_reading.LeavesAnOpenBehind),
    ("browsing-finds-every-item", opening(defects_beyond_reading.HasNoRoot)),
    ("browsing-a-lost-device-is-not-connected", opening(defects.SwallowsLoss)),
    ("describing-a-lost-device-is-not-connected", opening(defects.SwallowsLoss)),
    ("lost-subscription-is-not-connected", opening(defects.SwallowsLoss)),
    ("encoder-of-a-lost-device-is-not-connected", opening(defects.SwallowsLoss)),
    ("encoder-knows-whom-it-writes-to", defects_beyond_reading.ANONYMOUS),
    ("refused-tag-is-told-once", defects_beyond_reading.SHY),
    ("browsing-nothing-is-a-value-error", opening(defects_beyond_reading.BrowsesNothing)),
    ("descriptions-fit-the-tags", opening(defects_beyond_reading.DescribesAll)),
    ("first-values-are-told", defects_beyond_reading.LATE),
    ("changes-come-in-order", defects_beyond_reading.BACKWARDS),
    ("every-change-is-told", opening(defects_beyond_reading.TellsOneInterval)),
    ("change-of-quality-is-told", defects_beyond_reading.CHEERFUL),
    ("life-is-shown", defects_beyond_reading.DEAF),
    ("overflow-is-visible", defects_beyond_reading.QUIET),
    ("encoded-is-what-a-reader-finds", defects_beyond_reading.UNROUNDED),
    ("encoder-refuses-what-does-not-fit", defects_beyond_reading.LENIENT),
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
    for module in (suite, session_checks, subscription_checks):
        monkeypatch.setattr(module, "SLACK_S", 0.1)
    monkeypatch.setattr(session_checks, "_CLOSED_S", 0.1)
    monkeypatch.setattr(loss_checks, "_GIVING_UP_S", 0.0)
    monkeypatch.setattr(loss_checks, "_BACK_S", 0.5)
    monkeypatch.setattr(subscription_checks, "_TOLD_S", 0.2)
    monkeypatch.setattr(subscription_checks, "_ALIVE_S", 0.2)


@pytest.fixture(autouse=True)
def nothing_left() -> Generator[None]:
    yield
    for leftovers in (defects.LeaksATask.left, defects.LeaksADescriptor.left):
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
        await _Claiming(fake_rig(defects_beyond_reading.OpensThoseThatOnlyRead)).check(
            "capabilities-are-claimed"
        )


async def test_what_a_session_cannot_do_is_skipped_and_not_passed() -> None:
    with pytest.raises(pytest.skip.Exception, match="the session is no Browses"):
        await _Kit(fake_rig(defects_beyond_reading.OpensThoseThatOnlyRead)).check(
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
