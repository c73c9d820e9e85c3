"""Whatever the rules say: another one never makes it looser, and nothing lifts a prohibition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.site import Site
from handwheel.connectors.values import BAD_SENSOR_FAILURE, GOOD, DataValue, Value
from handwheel.hmi.sitefiles import Link

from ..served import site_of
from .policies import DONE, SETPOINT, judge, policy_of, reads


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("policy") / "works", Link())


_SPANS = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda p: (p[0], p[0] + p[1]))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule for PIC-102.sp, with whatever it may say."""
    low, high = draw(_SPANS)
    parts = [
        "tags: [PIC-102.sp]",
        f"class: {draw(st.sampled_from(['R1', 'R2', 'R3']))}",
        f"roles: [{draw(st.sampled_from(['operator', 'foreman', 'nurse']))}]",
        f"limits: {low} kPa .. {high} kPa",
    ]
    if draw(st.booleans()):
        parts.append(f"band: {low} kPa .. {low + (high - low) / 2} kPa")
    if draw(st.booleans()):
        parts.append(f"max_step: {draw(st.integers(1, 300))} kPa")
    if draw(st.booleans()):
        parts.append(f"rate: {draw(st.integers(1, 100))} kPa/min")
    parts += [f"cooldown: {draw(st.integers(0, 100))} s"] + [DONE] * draw(st.integers(0, 1))
    return f"{{{', '.join(parts)}}}"


_VALUES = st.one_of(st.floats(), st.integers(-50, 650), st.booleans(), st.text(max_size=3))
_PRESENT = st.one_of(
    st.none(), st.builds(reads, _VALUES, st.sampled_from([GOOD, BAD_SENSOR_FAILURE]))
)


@given(st.lists(rules(), min_size=1, max_size=3), rules(), _VALUES, _PRESENT)
def test_another_rule_never_makes_it_looser(
    site: Site, some: list[str], another: str, value: Value, now: DataValue | None
) -> None:
    before = judge(policy_of(site, allow=some), site, "PIC-102.sp", value, now)
    after = judge(policy_of(site, allow=[*some, another]), site, "PIC-102.sp", value, now)
    assert before.is_allowed or not after.is_allowed
    assert before.risk_class <= after.risk_class
    assert before.quorum <= after.quorum
    assert set(before.roles) <= set(after.roles)
    assert before.cooldown_s <= after.cooldown_s
    assert after.max_step is not None or before.max_step is None
    assert (after.rate_per_s or 0.0) <= (before.rate_per_s or 1e9)


@given(st.lists(rules(), max_size=3), _VALUES, _PRESENT)
def test_nothing_lifts_a_prohibition(
    site: Site, some: list[str], value: Value, now: DataValue | None
) -> None:
    forbid = ["{tags: [PIC-*], reason: x}"]
    ruling = judge(policy_of(site, allow=some, forbid=forbid), site, "PIC-102.sp", value, now)
    assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")


@given(_VALUES, _PRESENT)
def test_what_is_allowed_lies_within_everything_that_was_said(
    site: Site, value: Value, now: DataValue | None
) -> None:
    ruling = judge(policy_of(site, allow=[SETPOINT]), site, "PIC-102.sp", value, now)
    if ruling.is_allowed:
        assert isinstance(value, int | float)
        assert now is not None
        assert isinstance(now.value, int | float)
        assert 280.0 <= value <= 420.0
        assert abs(value - now.value) < 20.001
        assert now.status == GOOD
