"""What a run needs next, the evidence for it, and the plant as it sees it."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise, product
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import cast

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.run.diagnosis import CheckResult, Diagnosis, diagnose, diagnose_in_progress
from handwheel.playbooks.run.ledger_port import RunAction
from handwheel.playbooks.run.phases import phase_of
from handwheel.playbooks.run.plant_view import PlantView, ProcessClock
from handwheel.playbooks.run.states import Run, RunState, StepState
from handwheel.tools.conditions import History, Truth
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import Action

from ..sample_playbook import changed, loaded

START, SETTLE = "start", "settle"
_P = StepState


def run_action(
    state: str = "PLANNED", request: str = "APPROVED", tag: str = "P-101B.run_cmd",
    name: str = "R-1",
) -> RunAction:  # fmt: skip
    action = SimpleNamespace(tag=tag, kind="command", step=START, action_id=f"{name}/c1")
    return RunAction(
        name, RequestState(request), cast(Action, action), ActionState(state), "", True
    )


def run(state: str, steps: Mapping[str, str], *, cut_off: bool = False) -> Run:
    stands = {name: StepState(to) for name, to in steps.items()}
    return Run(RunState(state), steps=stands, requests=("R-1",), is_cut_off=cut_off, seq=1)


def test_a_state_that_decides_alone(plan: BoundPlaybook) -> None:
    for state, phase in [
        ("CHECKING", "check"), ("RESTARTING", "check"), ("NOT_STARTED", "over"),
        ("WAITING_APPROVAL", "await_decision"), ("HELD", "rest"), ("ABORTED", "rest"),
        ("STOPPED", "over"), ("ABORTING", "recover"), ("COMPLETING", "report"),
        ("COMPLETE", "over"), ("IDLE", "over"),
    ]:  # fmt: skip
        for steps in ({}, {START: "COMMAND"}, {START: "DONE", SETTLE: "VERIFY"}):
            assert phase_of(plan, run(state, steps), [run_action()]) == phase, state
    assert phase_of(plan, Run(), []) == "check"  # not opened yet


def test_a_run_at_work(plan: BoundPlaybook) -> None:
    for steps, actions, phase in [
        ({}, [], "request"),
        ({}, [run_action()], "follow"),
        ({}, [run_action(request="REVOKED")], "request"),
        ({}, [run_action(tag="P-101A.run_cmd")], "request"),
        ({START: "COMMAND"}, [run_action("VERIFIED")], "follow"),
        ({START: "VERIFY"}, [run_action("VERIFIED")], "verify"),
        ({START: "DONE"}, [run_action("VERIFIED", "REVOKED")], "follow"),  # it only waits
        ({START: "SKIPPED"}, [], "follow"),
        ({START: "DONE", SETTLE: "PERFORM"}, [], "follow"),
        ({START: "DONE", SETTLE: "DONE"}, [], "follow"),
    ]:
        assert phase_of(plan, run("RUNNING", steps), actions) == phase, steps


def test_who_holds_or_stops_finishes_the_step_unless_it_is_cut_off(plan: BoundPlaybook) -> None:
    for state in ["HOLDING", "STOPPING"]:
        for steps, phase in [
            ({}, "settle"),
            ({START: "COMMAND"}, "follow"),
            ({START: "VERIFY"}, "verify"),
            ({START: "DONE"}, "settle"),
            ({START: "DONE", SETTLE: "PERFORM"}, "follow"),
            ({START: "DONE", SETTLE: "DONE"}, "settle"),
        ]:
            actions = [run_action("DUE", "REVOKED")]
            assert phase_of(plan, run(state, steps), actions) == phase, (state, steps)
            assert phase_of(plan, run(state, steps, cut_off=True), actions) == "settle"


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


def covered(plan: BoundPlaybook, until_s: float) -> History:
    history = History(plan.conditions)
    for second in range(0, round(until_s) + 1, 5):
        history.observe(readings(VT_101A__pv=4.0 + second / 1000.0), float(second))
    return history


def test_all_is_judged_on_one_snapshot_and_shown(plan: BoundPlaybook) -> None:
    found = diagnose(plan, readings(LT_101__pv=20.0, PT_102__pv=None), covered(plan, 2400.0))
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
        shakes = diagnose(plan, readings(), covered(plan, until_s)).of("for")[0]
        assert (shakes.truth, shakes.is_collecting) == (truth, is_collecting), until_s


def test_under_way_a_permissive_need_only_hold_now(plan: BoundPlaybook, site: Site) -> None:
    history = History(plan.conditions)
    history.observe(readings(), 0.0)
    before = diagnose(plan, readings(), history)
    after = diagnose_in_progress(plan, readings(), history, site.tags)
    assert [each.truth for each in before.of("permissive")] == [U, T]
    assert [(each.truth, each.is_collecting) for each in after.of("permissive")] == [
        (T, False), (T, False),
    ]  # fmt: skip
    assert before.of("for") == after.of("for")
    gone = diagnose_in_progress(plan, readings(P_101B__available=False), history, site.tags)
    assert [each.id for each in gone.blocked_by(needs_evidence=False)] == ["ready"]


CLOCK, TAG = "SIM-CLOCK.pv", "VT-101A.pv"


def seen(tag: str, value: Value | None, status: StatusCode = GOOD) -> dict[str, DataValue]:
    return {tag: DataValue(value, status, None, None, 0.0)}


def test_it_goes_on_at_its_pace_while_the_plants_clock_is_lost() -> None:
    for lost in [{}, seen(CLOCK, 99.0, BAD_NO_COMMUNICATION), seen(CLOCK, True)]:
        clock = ProcessClock(CLOCK)
        for second in range(60):
            clock.tick(seen(CLOCK, 1000.0 + 10.0 * second), float(second))
        assert clock.now_s == 1590.0, lost
        passed = [clock.tick(lost, 59.0 + each) - 1590.0 for each in (1.0, 2.0, 30.0)]
        assert passed == pytest.approx([10.0, 20.0, 300.0], rel=0.01), lost
        assert clock.tick(seen(CLOCK, 1900.0), 90.0) == 1900.0, lost


def test_without_a_plants_clock_or_before_it_is_seen_time_goes_on() -> None:
    machine, clock = ProcessClock(), ProcessClock(CLOCK)
    assert [machine.tick({}, each) for each in (5.0, 7.5)] == [5.0, 7.5]
    assert [clock.tick({}, each) for each in (100.0, 101.0, 103.0)] == [0.0, 1.0, 3.0]
    assert clock.tick(seen(CLOCK, 5000.0), 104.0) == 5000.0
    assert clock.tick({}, 105.0) == 5001.0  # that was no pace


def test_a_plant_that_begins_anew_turns_no_clock_back() -> None:
    clock = ProcessClock(CLOCK)
    for second in range(30):
        clock.tick(seen(CLOCK, 5000.0 + second), float(second))
    passed = [clock.tick(seen(CLOCK, at_s), 30.0 + at_s) - 5029.0 for at_s in (0.0, 1.0, 2.0)]
    assert passed == pytest.approx([1.0, 2.0, 3.0])
    assert clock.shown_s == 2.0
    assert clock.tick({}, 33.0) - 5029.0 == pytest.approx(4.0)


async def observed(*times_s: float, trends: tuple[str, ...] = ()) -> PlantView:
    view = PlantView.of((), CLOCK, trends)
    for number, at_s in enumerate(times_s):
        await view.observe(seen(CLOCK, at_s) | seen(TAG, at_s / 10.0), float(number))
    return view


async def test_the_longest_of_the_latest_scans_counts() -> None:
    for times_s, scan_s in [
        ((100.0,), 0.0), ((100.0, 101.0, 103.0), 2.0), ((100.0, 50.0, 51.0), 1.0),
        ((0.0, 90.0, 91.0, 92.0, 93.0), 90.0), ((0.0, 90.0, 91.0, 92.0, 93.0, 94.0, 95.0), 1.0),
    ]:  # fmt: skip
        view = await observed(*times_s)
        assert (view.scan_s, view.scans) == (scan_s, len(times_s)), times_s


async def test_a_long_trend_keeps_its_course_in_few_points() -> None:
    view = await observed(*map(float, range(5000)), trends=(TAG,))
    points = await view.trend(TAG, 1e9, 60)
    assert len(points) <= 60
    assert points[-1] == (0.0, 499.9)
    assert points[0][0] < -4800.0
    assert all(at_s == pytest.approx(10.0 * value - 4999.0) for at_s, value in points)
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    assert max(gaps) < 5 * min(gaps)
    anew = await observed(1000.0, 1001.0, 3.0, 4.0, 4.0, trends=(TAG,))  # with its plant
    assert await anew.trend(TAG, 1e9, 60) == [(-1.0, 0.3), (0.0, 0.4)]


async def test_a_trend_is_of_good_numbers_of_its_time_only() -> None:
    view = PlantView.of((), "", (TAG,))
    for at_s, reading in enumerate((
        seen(TAG, 1.0), seen(TAG, 2.0, BAD_NO_COMMUNICATION), seen(TAG, None), seen(TAG, True), {},
        seen(TAG, 3.0), seen(TAG, 4),
    )):  # fmt: skip
        await view.observe(reading, float(at_s))
    assert await view.trend(TAG, 100.0, 60) == [(-6.0, 1.0), (-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend(TAG, 1.0, 60) == [(-1.0, 3.0), (0.0, 4.0)]
    assert await view.trend("another", 100.0, 60) == []


async def test_everybody_who_waits_is_woken_by_the_next_scan() -> None:
    view = await observed(1.0)
    waiters = [asyncio.create_task(view.next_scan()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiters)
    await view.observe(seen(CLOCK, 2.0), 1.0)
    await asyncio.wait_for(asyncio.gather(*waiters), 1.0)
