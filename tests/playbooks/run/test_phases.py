"""What a run needs next: every state, and a run at work by its step and its requests."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

import pytest

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.run.ledger_port import RunAction
from handwheel.playbooks.run.phases import phase_of
from handwheel.playbooks.run.states import Run, RunState, StepState
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.request import Action

from ..sample_playbook import GOOD, loaded

START, SETTLE = "start", "settle"
_P = StepState


@pytest.fixture(scope="module")
def plan(site: Site, tmp_path_factory: pytest.TempPathFactory) -> BoundPlaybook:
    """Two steps: `start` writes `P-101B.run_cmd`, `settle` waits."""
    return bind(loaded(tmp_path_factory.mktemp("playbook"), GOOD), site)


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
        ({}, [run_action(request="SUPERSEDED", name="R-0")], "request"),
        ({}, [run_action(tag="P-101A.run_cmd")], "request"),
        ({START: "COMMAND"}, [run_action("VERIFIED")], "follow"),
        ({START: "VERIFY"}, [run_action("VERIFIED")], "verify"),
        ({START: "DONE"}, [run_action("VERIFIED", "REVOKED")], "follow"),  # it only waits
        ({START: "SKIPPED"}, [], "follow"),
        ({START: "FAILED"}, [run_action("REFUSED", "CLOSED")], "follow"),
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
            ({START: "FAILED"}, "settle"),
            ({START: "DONE", SETTLE: "PERFORM"}, "follow"),
            ({START: "DONE", SETTLE: "DONE"}, "settle"),
        ]:
            actions = [run_action("DUE", "REVOKED")]
            assert phase_of(plan, run(state, steps), actions) == phase, (state, steps)
            assert phase_of(plan, run(state, steps, cut_off=True), actions) == "settle"
