"""Step function: what a run needs next, by its state, its steps and its actions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.effects import Effect, Record
from handwheel.playbooks.engine.inputs import (
    Clocks,
    FiledAction,
    FiledRequest,
    Inputs,
    PlantSnapshot,
)
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import RunState, StepState
from handwheel.playbooks.engine.step import step
from handwheel.tools.conditions import History
from handwheel.tools.guardrails.approval.messages.run_requests import SetDue
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import Action
from handwheel.tools.requests.timestamps import Instant, stamp

from ..sample_playbook import GOOD as TEXT
from ..sample_playbook import loaded

START, SETTLE = "start", "settle"
AT = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
NOW_S = 100.0


@pytest.fixture(scope="module")
def plan(site: Site, tmp_path_factory: pytest.TempPathFactory) -> BoundPlaybook:
    return bind(loaded(tmp_path_factory.mktemp("playbook"), TEXT), site)


def request(
    state: str = "PLANNED", request_state: str = "APPROVED", tag: str = "P-101B.run_cmd"
) -> FiledRequest:
    action = SimpleNamespace(
        tag=tag, kind="command", step=START, action_id="R-1/c1", shown="true", undoes=None,
        requires=(), expected=(),
    )  # fmt: skip
    filed = FiledAction(
        "R-1", RequestState(request_state), cast(Action, action), ActionState(state), "", True
    )
    return FiledRequest("R-1", RequestState(request_state), "", request_state, (), (filed,))


def run(state: str, steps: Mapping[str, str], **more: Any) -> Run:
    stands = {name: StepState(to) for name, to in steps.items()}
    return Run(
        RunState(state), steps=stands, requests=("R-1",), seq=1, since=stamp(AT),
        began_s=NOW_S - 5.0, **more,
    )  # fmt: skip


def needs(
    plan: BoundPlaybook, found: Run, filed: Sequence[FiledRequest], *, vibration: float = 6.0
) -> list[Effect]:
    named = {
        "LT-101.pv": 70.0, "PT-102.pv": 350.0, "VT-101A.pv": vibration, "P-101B.available": True,
        "P-101B.running": False, "P-101B.run_cmd": False,
    }  # fmt: skip
    readings = {
        name: DataValue(value, GOOD, None, None, monotonic()) for name, value in named.items()
    }
    plant = PlantSnapshot(readings, History(plan.conditions), NOW_S, 1.0, 7, {})
    inputs = Inputs("U-1", found, plan, filed, plant, Clocks(Instant(AT, "boot", 0)), {})
    assert step(inputs) == step(inputs)  # it remembers nothing
    return step(inputs)


def kinds(effects: Sequence[Effect]) -> list[str]:
    return [
        each.kind.value if isinstance(each, Record) else type(each).__name__ for each in effects
    ]


def test_a_closed_or_resting_run_needs_nothing(plan: BoundPlaybook) -> None:
    for state in ("IDLE", "NOT_STARTED", "STOPPED", "COMPLETE", "HELD", "ABORTED"):
        for steps in ({}, {START: "COMMAND"}, {START: "DONE", SETTLE: "VERIFY"}):
            assert needs(plan, run(state, steps), [request()]) == [], (state, steps)


@pytest.mark.parametrize(("steps", "filed", "wanted"), [
    ({}, [request()], ["step"]),  # PENDING to COMMAND
    ({}, [request(request_state="REVOKED")], ["holding"]),
    ({START: "COMMAND"}, [request()], ["SetDue", "due"]),
    ({START: "COMMAND"}, [request("DUE")], []),
    ({START: "COMMAND"}, [request("SENDING")], []),
    ({START: "COMMAND"}, [request("UNKNOWN")], ["holding"]),
    ({START: "COMMAND"}, [request("VERIFIED")], ["step"]),
    ({START: "VERIFY"}, [request("VERIFIED")], []),
    ({START: "DONE"}, [request("VERIFIED", "REVOKED")], ["step"]),  # it only waits
    ({START: "DONE", SETTLE: "DONE"}, [request("VERIFIED")], ["completing"]),
])  # fmt: skip
def test_a_running_run_does_what_its_step_needs(
    plan: BoundPlaybook, steps: Mapping[str, str], filed: Sequence[FiledRequest],
    wanted: Sequence[str],
) -> None:  # fmt: skip
    assert kinds(needs(plan, run("RUNNING", steps), filed)) == wanted


def test_a_run_that_holds_or_stops_finishes_its_step_unless_cut_off(plan: BoundPlaybook) -> None:
    for state, end in (("HOLDING", "held"), ("STOPPING", "stopped")):
        for steps, is_over in [
            ({}, True), ({START: "COMMAND"}, False), ({START: "VERIFY"}, False),
            ({START: "DONE"}, True), ({START: "DONE", SETTLE: "PERFORM"}, False),
        ]:  # fmt: skip
            filed = [request("DUE", "REVOKED")]
            found = needs(plan, run(state, steps), filed)
            assert (kinds(found)[-1:] == [end]) is is_over, (state, steps)
            assert not any(isinstance(each, SetDue) for each in found)
            cut_off = needs(plan, run(state, steps, is_cut_off=True), filed)
            assert kinds(cut_off)[-1:] == [end]


@pytest.mark.parametrize(("filed", "wanted"), [
    ("PENDING", []), ("APPROVED", ["approved"]), ("REJECTED", ["rejected"]),
    ("EXPIRED", ["stopping"]), ("INVALIDATED", ["holding"]), ("REVOKED", ["holding"]),
])  # fmt: skip
def test_a_waiting_run_follows_the_decision(
    plan: BoundPlaybook, filed: str, wanted: Sequence[str]
) -> None:
    found = needs(plan, run("WAITING_APPROVAL", {}), [request(request_state=filed)])
    assert kinds(found) == wanted


def test_a_run_is_judged_once_its_evidence_decides(plan: BoundPlaybook) -> None:
    fresh = run("CHECKING", {}, entered_s=NOW_S - 10.0)
    assert needs(plan, fresh, []) == []  # its windows are empty
    late = run("RESTARTING", {}, entered_s=NOW_S - 3600.0)
    assert needs(plan, late, []) == []  # they fill, however long that lasts
    judged: dict[str, object] = {"blocked_by": [], "choice": "act", "reason": "", "suggested": ""}
    cases: Sequence[tuple[dict[str, object], Sequence[str]]] = [
        ({"judged_s": NOW_S, "diagnosis": judged | {"choice": "abstain"}}, ["not_started"]),
        ({"judged_s": NOW_S, "diagnosis": judged | {"blocked_by": ["low"]}}, ["not_started"]),
        ({"judged_s": NOW_S - 1.0, "diagnosis": judged}, []),  # of another scan
    ]
    for more, wanted in cases:
        assert kinds(needs(plan, run("CHECKING", {}, **more), [])) == wanted


def test_a_run_that_was_resumed_too_often_is_held(plan: BoundPlaybook) -> None:
    assert kinds(needs(plan, run("RESTARTING", {}, restarts=21), [])) == ["holding"]
