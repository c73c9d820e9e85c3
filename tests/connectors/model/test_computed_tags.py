"""Tags that are computed from others: their quality, times and faults, and wrong descriptions."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import exp, nan
from pathlib import Path

import pytest

from handwheel.connectors.client.computed_samples import ComputedSamples
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.methods.heat_exchanger import fouling
from handwheel.connectors.methods.method import GROUP, Mean, Method
from handwheel.connectors.methods.time_to_limit import days_to_limit
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import connections_of
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_SENSOR_FAILURE,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    StatusCode,
)
from handwheel.connectors.session.protocols import Sample
from handwheel.connectors.session.supervisor import Gap
from handwheel.hmi.site.commissioning.file_check import unusable_methods

from ...plug_ins.registered import register
from ...sites.site_text import SITE, load

_COMPUTED = """\
    computed:
      shake: {method: ratio, unit: mm/s, inputs: {above: VT-101A.pv, below: PT-102.pv}}
      twice: {method: ratio, unit: mm/s, inputs: {above: P-101A.shake, below: 0.5}}
"""
_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
_DAY_S = 86400.0
asked: list[float] = []


def _ratio(*, above: float, below: float) -> object:
    asked.append(above)
    if above == 666.0:
        raise ValueError("far too much\n")
    return {0.0: None, -1.0: nan, -2.0: True}.get(below, above / (below or 1.0))


RATIO = Method(_ratio, "mm/s", {"above": "mm/s", "below": ""})  # type: ignore[arg-type]
NOT_ONE = "ratio"


@pytest.fixture(autouse=True)
def methods_of_a_package(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"ratio": f"{__name__}:RATIO", "gone": "no.such.module:M", "odd": f"{__name__}:NOT_ONE"}
    register(tmp_path_factory.mktemp("acme"), monkeypatch, {GROUP: found})
    asked.clear()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return load(tmp_path, SITE + _COMPUTED)


def _reading(
    value: float | None, status: StatusCode = GOOD, at_s: float = 5.0, late_s: float = 0.0
) -> DataValue:
    return DataValue(value, status, _NOON - timedelta(seconds=late_s), None, at_s)


def test_a_computed_tag_is_as_good_and_as_old_as_its_inputs(site: Site) -> None:
    tags = ComputedTags(site, site.find_tags(["P-101A.twice"]))
    assert tags.inputs == {"VT-101A.pv", "PT-102.pv"}
    assert connections_of(["P-101A.twice"], site.tags) == {"dcs", "pkg"}
    assert not site.is_writable(site.tags["P-101A.twice"])
    good = {"VT-101A.pv": _reading(8.0, late_s=3.0), "PT-102.pv": _reading(2.0, at_s=4.0)}
    found = tags.complete(good)["P-101A.twice"]
    assert found == DataValue(8.0, GOOD, _NOON - timedelta(seconds=3), None, 4.0)
    assert tags.complete(good)["P-101A.twice"] is found
    again = {name: each._replace(received_s=9.0) for name, each in good.items()}
    assert tags.complete(again)["P-101A.twice"].received_s == 9.0
    assert asked == [8.0, 4.0]  # once each, for only the time has changed
    for status in (UNCERTAIN_LAST_USABLE, BAD_SENSOR_FAILURE):
        poor = good | {"PT-102.pv": _reading(2.0, status)}
        assert tags.complete(poor)["P-101A.twice"][:2] == (8.0, status)  # the last known value
    del good["PT-102.pv"]
    assert tags.complete(good)["P-101A.twice"][:2] == (8.0, BAD_NO_COMMUNICATION)
    modbus = {"VT-101A.pv": _reading(8.0)._replace(source_time=None), "PT-102.pv": _reading(2.0)}
    assert tags.complete(modbus)["P-101A.twice"].source_time is None


@pytest.mark.parametrize(
    ("above", "below", "status", "logged"),
    [
        (666.0, 1.0, "BadInternalError", "method ratio: ValueError: far too much\\n"),
        (1.0, -1.0, "BadInternalError", "method ratio: returned nan, which is no number"),
        (1.0, -2.0, "BadInternalError", "method ratio: returned True, which is no number"),
        (1.0, 0.0, "BadNoData", ""),
        (nan, 1.0, "BadOutOfRange", ""),
        (None, 1.0, "BadTypeMismatch", ""),
    ],
)
def test_a_fault_of_a_method_costs_only_its_own_tag(
    site: Site, above: float, below: float, status: str, logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    tags = ComputedTags(site, site.tags.values())
    read = {"VT-101A.pv": _reading(above), "PT-102.pv": _reading(below)}
    with caplog.at_level(logging.WARNING):
        found = tags.complete(read)
        tags.complete({name: each._replace(received_s=6.0) for name, each in read.items()})
    assert (found["P-101A.shake"].status.name, found["P-101A.shake"].value) == (status, None)
    assert found["VT-101A.pv"] is read["VT-101A.pv"]
    words = f"P-101A.shake is bad: {logged}"
    assert [each.getMessage() for each in caplog.records] == ([words] if logged else [])


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("gone", "no.such.module:M cannot be loaded: ModuleNotFoundError: No module named 'no'"),
        ("odd", f"{__name__}:NOT_ONE is a str, not a Method"),
    ],
)
def test_a_method_that_cannot_be_loaded_costs_only_its_tag(
    method: str, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = load(
        tmp_path, SITE + _COMPUTED.replace("twice: {method: ratio", f"twice: {{method: {method}")
    )
    read = {"VT-101A.pv": _reading(8.0), "PT-102.pv": _reading(2.0)}
    found = ComputedTags(site, site.tags.values()).complete(read)
    assert found["P-101A.shake"].value == 4.0
    assert found["P-101A.twice"].status.name == "BadConfigurationError"
    assert caplog.messages == [f"P-101A.twice is bad: method {method}: {words}"]
    (told,) = unusable_methods(site)
    assert (
        told == f"P-101A.twice will be bad: method {method}: {words}; mend or install the package"
    )


def test_listeners_get_computed_samples_beside_the_others(site: Site) -> None:
    heard: list[Sequence[Sample]] = []

    class Listener:
        def arrived(self, samples: Sequence[Sample]) -> None:
            heard.append(samples)

        def gap(self, connection: str, gap: Gap) -> None:
            raise AssertionError(connection, gap)

    told = ComputedSamples(ComputedTags(site, site.find_tags(["P-101A.shake"])), [Listener()])
    above, below = ("VT-101A.pv", _reading(8.0)), ("PT-102.pv", _reading(2.0))
    other = ("P-101A.starts", _reading(3.0))
    for samples in ([above, other], [below], [other], [below], []):
        told.arrived(samples)
    shake = ("P-101A.shake", _reading(4.0))
    assert heard == [[above, other], [below, shake], [other], [below], []]


def test_every_fault_of_a_computed_tag_is_told_at_once(tmp_path: Path) -> None:
    text = (
        SITE
        + """\
    computed:
      Big: {method: ratio, unit: mm/s, inputs: {above: VT-101A.pv, below: PT-102.pv}}
      starts: {method: ratio, unit: mm/s, inputs: {above: VT-101A.pv, below: PT-102.pv}}
      vibration: {method: ratio, unit: mm/s, inputs: {above: VT-101A.pv, below: PT-102.pv}}
      a: {method: ratoi, unit: mm/s, inputs: {above: VT-101A.pv}}
      b: {method: ratio, unit: kPa, inputs: {abov: VT-101A.pv, below: 3 kPa}}
      c: {method: ratio, unit: mm/s, inputs: {above: VT-101.pv, below: PIC-102.mode}}
      d: {method: ratio, unit: mm/s, inputs: {above: P-101A.e, below: P-101A.e}}
      e: {method: ratio, unit: mm/s, inputs: {above: P-101A.d, below: 1}}
      f: {method: days_to_limit, unit: d, inputs: {fouling: 1e-4 m2K/W, limit: 3e-4 m2K/W}}
"""
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    at = "equipment.P-101A.computed"
    assert [str(each).partition("site.yaml:")[2] for each in caught.value.problems] == [
        f"19:7: {at}.Big: is no attribute: a lower case letter, then a-z, 0-9 and '_'",
        f"20:7: {at}.starts: P-101A.starts is a tag of a device already; choose another name",
        f"21:7: {at}.vibration: vibration is an attribute of P-101A; choose another name",
        f"22:11: {at}.a.method: there is no method 'ratoi'; did you mean 'ratio'?",
        f"23:26: {at}.b.unit: ratio gives mm/s, not kPa",
        f"23:37: {at}.b.inputs: ratio needs also above (mm/s)",
        f"23:46: {at}.b.inputs.abov: is no input of ratio; did you mean 'above'?",
        f"23:64: {at}.b.inputs.below: 3 kPa has the unit kPa; below takes no unit",
        f"24:47: {at}.c.inputs.above: there is no tag 'VT-101.pv', and no constant such as 40 m2; "
        "did you mean 'VT-101A.pv'?",
        f"24:65: {at}.c.inputs.below: PIC-102.mode is no number",
        f"25:7: {at}.d: is computed from itself: P-101A.d -> P-101A.e -> P-101A.d",
        f"25:64: {at}.d.inputs.below: P-101A.e has the unit mm/s; below takes no unit",
        f"27:43: {at}.f.inputs: none of them is a tag",
    ]


def test_a_limit_is_reached_by_the_trend_of_seven_days() -> None:
    def grown(day: float) -> float:
        return 5e-4 * (1.0 - exp(-day / 30.0))

    def past(until_d: float, hours: int) -> list[Mean]:
        days = [until_d - n / 24.0 for n in range(hours, -1, -1)]
        return [Mean(day * _DAY_S, grown(day)) for day in days]

    def estimate(day: float, hours: int = 168) -> float | None:
        return days_to_limit(fouling=grown(day), limit=3e-4, past=past(day, hours))

    # True are 14.5, 6.7 and 3.5 days: a straight line is on the safe side.
    assert [round(estimate(day) or 0.0, 1) for day in (13.0, 20.8, 24.0)] == [10.2, 5.3, 2.9]
    assert estimate(13.0, hours=23) is None
    assert estimate(40.0) == 0.0
    slow = [Mean(n * 3600.0, 6e-9 * n) for n in range(168)]
    assert days_to_limit(fouling=0.0, limit=3e-4, past=slow) == 365.0
    assert days_to_limit(fouling=1e-4, limit=3e-4, past=[Mean(0.0, 1e-4), Mean(1e5, 1e-4)]) is None


def test_fouling_without_flow_or_heat_is_none() -> None:
    clean = {
        "hot_flow": 40.0, "hot_in": 80.0, "hot_out": 48.0, "cold_flow": 36.56, "cold_in": 26.0,
        "cold_out": 42.4, "hot_heat_capacity": 1955.0, "area": 40.0, "hot_film": 800.0,
        "hot_film_flow": 40.0, "cold_film": 3500.0, "cold_film_flow": 60.0,
    }  # fmt: skip
    assert abs(fouling(**clean) or 1.0) < 2e-6
    even = clean | {"hot_out": 60.0, "cold_in": 40.0, "cold_out": 60.0}
    near = clean | {"hot_out": 60.0, "cold_in": 40.0, "cold_out": 60.02}
    assert fouling(**even) == pytest.approx(fouling(**near) or 0.0, rel=1e-2)
    for name, value in {
        "hot_flow": 0.0,
        "cold_flow": 0.0,
        "cold_out": 80.0,
        "hot_out": 20.0,
    }.items():
        assert fouling(**{**clean, name: value}) is None
