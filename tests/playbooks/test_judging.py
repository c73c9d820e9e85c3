"""Evidence and permissives: everything is judged, and what is not known speaks against acting."""

from itertools import product
from pathlib import Path
from time import monotonic

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.run.diagnosis import Finding, Judgement, judge, judge_under_way
from handwheel.tools.conditions import History, Truth

from .texts import changed, loaded

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def finding(side: str, truth: Truth, name: str = "", **more: object) -> Finding:
    return Finding(name or side, side, "text", truth, "shown", "p.yaml:1", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("truths", list(product(Truth, repeat=3)))
@pytest.mark.parametrize("asks_for", [True, False])
def test_what_blocks_a_case(truths: tuple[Truth, Truth, Truth], asks_for: bool) -> None:
    for_, against, permissive = truths
    found = Judgement((
        finding("for", for_), finding("against", against), finding("permissive", permissive),
    ))  # fmt: skip
    blocking = [each.id for each in found.blocked_by(asks_for=asks_for)]
    assert ("for" in blocking) == (asks_for and for_ is not T)
    assert ("against" in blocking) == (against is not F)
    assert ("permissive" in blocking) == (permissive is not T)
    assert found.is_decided(asks_for=asks_for) == (against is T or blocking == [])
    assert not found.is_forming(asks_for=asks_for)


def test_a_case_is_forming_only_while_everything_that_is_missing_is() -> None:
    young, old = finding("for", U, is_forming=True), finding("permissive", F)
    assert Judgement((young, finding("permissive", T))).is_forming()
    assert not Judgement((young, old)).is_forming()
    assert not Judgement((finding("for", T),)).is_forming()
    assert not Judgement((young,)).is_forming(asks_for=False)


def test_only_true_evidence_suggests_and_each_once() -> None:
    found = Judgement((
        finding("against", T, suggest="b"), finding("against", U, suggest="c"),
        finding("against", T, suggest="a"), finding("against", T, suggest="b"),
        finding("against", T), finding("for", T, suggest="d"),
    ))  # fmt: skip
    assert found.suggestions == ["b", "a"]


@pytest.fixture(scope="module")
def plan(site: Site, tmp_path_factory: pytest.TempPathFactory) -> BoundPlaybook:
    against = '  against:\n    - {id: low, that: "LT-101.pv < 30 %", suggest: test/other}\n'
    text = changed(
        ("permissives:", f"{against}permissives:"),
        ('"held(standby.available, 30 s)"}', '"held(standby.available, 30 s)"}\n'
         '  - {id: header, that: "PT-102.pv > 300 kPa"}'),
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("playbook")
    return bind(loaded(folder, text), site)


def readings(**values: Value | None) -> dict[str, DataValue]:
    """Readings of a sound plant, some of them replaced; `None` is a bad one."""
    named: dict[str, Value | None] = {
        "LT-101.pv": 70.0, "PT-102.pv": 350.0, "VT-101A.pv": 6.0, "P-101B.available": True,
    }  # fmt: skip
    named |= {name.replace("__", ".").replace("_", "-"): value for name, value in values.items()}
    now_s = monotonic()
    return {
        name: DataValue(value, BAD_NO_COMMUNICATION if value is None else GOOD, None, None, now_s)
        for name, value in named.items()
    }


def covered(plan: BoundPlaybook, until_s: float) -> History:
    """A history in which the vibration rises and the standby is there."""
    history = History(plan.conditions)
    for second in range(0, round(until_s) + 1, 5):
        history.observe(readings(VT_101A__pv=4.0 + second / 1000.0), float(second))
    return history


def test_all_is_judged_on_one_snapshot_and_shown(plan: BoundPlaybook) -> None:
    found = judge(plan, readings(LT_101__pv=20.0, PT_102__pv=None), covered(plan, 2400.0))
    assert [(each.side, each.id, each.truth) for each in found.findings] == [
        ("for", "shakes", T), ("against", "low", T), ("permissive", "ready", T),
        ("permissive", "header", U),
    ]  # fmt: skip
    assert [each.id for each in found.blocked_by()] == ["low", "header"]
    assert found.suggestions == ["test/other"]
    low = found.of("against")[0]
    assert (low.text, low.place.partition(":")[0]) == ("LT-101.pv < 30 %", "p.yaml")
    assert "LT-101.pv is 20 %" in low.shown


@pytest.mark.parametrize(("until_s", "truth", "is_forming"), [(100.0, U, True), (2400.0, T, False)])
def test_a_window_that_is_young_is_forming(
    plan: BoundPlaybook, until_s: float, truth: Truth, is_forming: bool
) -> None:
    shakes = judge(plan, readings(), covered(plan, until_s)).of("for")[0]
    assert (shakes.truth, shakes.is_forming) == (truth, is_forming)


def test_under_way_a_permissive_need_only_hold_now(plan: BoundPlaybook, site: Site) -> None:
    history = History(plan.conditions)
    history.observe(readings(), 0.0)
    before = judge(plan, readings(), history)
    after = judge_under_way(plan, readings(), history, site.tags)
    assert [each.truth for each in before.of("permissive")] == [U, T]
    assert [(each.truth, each.is_forming) for each in after.of("permissive")] == [
        (T, False), (T, False),
    ]  # fmt: skip
    assert before.of("for") == after.of("for")
    gone = judge_under_way(plan, readings(P_101B__available=False), history, site.tags)
    assert [each.id for each in gone.blocked_by(asks_for=False)] == ["ready"]
