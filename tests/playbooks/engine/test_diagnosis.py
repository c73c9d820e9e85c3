"""Evidence and permissives of a playbook, evaluated on one snapshot."""

from itertools import product
from pathlib import Path
from time import monotonic

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import CheckResult, Diagnosis, diagnose
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.tools.conditions import History, Truth

from ..sample_playbook import changed, loaded

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def result(side: str, truth: Truth, name: str = "", **more: object) -> CheckResult:
    return CheckResult(name or side, side, "text", truth, "shown", "p.yaml:1", **more)  # type: ignore[arg-type]


def test_what_blocks_a_case() -> None:
    sides = "for", "against", "permissive"
    for *truths, needs_evidence in product(Truth, Truth, Truth, (True, False)):
        found = Diagnosis(tuple(map(result, sides, truths)))
        blocking = [each.id for each in found.blocked_by(needs_evidence=needs_evidence)]
        blocks = needs_evidence and truths[0] is not T, truths[1] is not F, truths[2] is not T
        assert blocking == [side for side, stops in zip(sides, blocks, strict=True) if stops]
        is_decided = truths[1] is T or blocking == []
        assert found.is_decided(needs_evidence=needs_evidence) == is_decided, truths
        assert not found.is_collecting(needs_evidence=needs_evidence), truths


def test_a_case_is_forming_only_while_everything_that_is_missing_is() -> None:
    young, old = result("for", U, is_collecting=True), result("permissive", F)
    assert Diagnosis((young, result("permissive", T))).is_collecting()
    assert not Diagnosis((young, old)).is_collecting()
    assert not Diagnosis((result("for", T),)).is_collecting()
    assert not Diagnosis((young,)).is_collecting(needs_evidence=False)


def test_only_true_evidence_suggests_and_each_once() -> None:
    found = Diagnosis((
        result("against", T, suggest="b"), result("against", U, suggest="c"),
        result("against", T, suggest="a"), result("against", T, suggest="b"),
        result("against", T), result("for", T, suggest="d"),
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


def seen(found: dict[str, DataValue], history: History) -> PlantSnapshot:
    return PlantSnapshot(found, history, 0.0, 1.0, 1, {})


def covered(plan: BoundPlaybook, until_s: float) -> History:
    history = History(plan.conditions)
    for second in range(0, round(until_s) + 1, 5):
        history.observe(readings(VT_101A__pv=4.0 + second / 1000.0), float(second))
    return history


def test_all_is_judged_on_one_snapshot_and_shown(plan: BoundPlaybook) -> None:
    found = diagnose(plan, seen(readings(LT_101__pv=20.0, PT_102__pv=None), covered(plan, 2400.0)))
    assert [(each.side, each.id, each.truth) for each in found.findings] == [
        ("for", "shakes", T), ("against", "low", T), ("permissive", "ready", T),
        ("permissive", "header", U),
    ]  # fmt: skip
    assert [each.id for each in found.blocked_by()] == ["low", "header"]
    assert found.suggestions == ["test/other"]
    low = found.of("against")[0]
    assert (low.text, low.place.partition(":")[0]) == ("LT-101.pv < 30 %", "p.yaml")
    assert "LT-101.pv is 20 %" in low.shown


def test_a_window_that_is_young_is_forming(plan: BoundPlaybook) -> None:
    for until_s, truth, is_collecting in [(100.0, U, True), (2400.0, T, False)]:
        shakes = diagnose(plan, seen(readings(), covered(plan, until_s))).of("for")[0]
        assert (shakes.truth, shakes.is_collecting) == (truth, is_collecting), until_s


def test_under_way_a_permissive_need_only_hold_now(plan: BoundPlaybook) -> None:
    history = History(plan.conditions)
    history.observe(readings(), 0.0)
    before = diagnose(plan, seen(readings(), history))
    after = diagnose(plan, seen(readings(), history), in_progress=True)
    assert [each.truth for each in before.of("permissive")] == [U, T]
    assert [(each.truth, each.is_collecting) for each in after.of("permissive")] == [
        (T, False), (T, False),
    ]  # fmt: skip
    assert before.of("for") == after.of("for")
    gone = diagnose(plan, seen(readings(P_101B__available=False), history), in_progress=True)
    assert [each.id for each in gone.blocked_by(needs_evidence=False)] == ["ready"]
