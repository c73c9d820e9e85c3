"""The run-state machine against a table of our own: every event in every state."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.playbooks.engine.run import IllegalEvent, Run, RunEvent, apply, fold
from handwheel.playbooks.engine.states import CLOSED, EventKind, RunState, StepState

# One column a state; `.` is refused, `=` leaves the state as it is, else where it leads.
_TABLE = """\
              id ch ns wa ru hg he re sg sd ag ad cg co
opened        ch .  .  .  .  .  .  .  .  .  .  .  .  .
judged        .  =  .  .  .  .  .  =  .  .  .  .  .  .
already_so    .  =  .  .  =  .  .  =  .  .  .  .  .  .
not_started   .  ns .  .  .  .  .  .  .  .  .  .  .  .
filed         .  wa .  .  wa .  .  wa .  .  .  .  .  .
started       .  ru .  .  .  .  .  ru .  .  .  .  .  .
approved      .  .  .  ru .  .  .  .  .  .  .  .  .  .
rejected      .  .  .  sd .  .  .  .  .  .  .  .  .  .
step          .  .  .  .  =  =  .  =  =  .  =  .  =  .
slow          .  .  .  .  =  =  .  .  =  .  .  .  =  .
due           .  .  .  .  =  =  .  .  =  .  =  .  =  .
expected      .  .  .  =  =  =  .  .  =  .  .  .  =  .
raised        .  .  .  .  =  =  .  .  =  .  .  .  =  .
ran           .  .  .  .  =  .  .  .  .  .  .  .  .  .
notified      .  =  .  =  =  =  =  =  =  .  =  =  =  .
lapsed        .  .  .  ru .  .  .  .  .  .  .  .  .  .
asked         .  .  .  .  =  =  .  .  =  .  .  .  =  .
signed_off    .  .  .  .  =  =  .  .  =  .  .  .  =  .
holding       .  hg .  hg hg hg .  hg hg .  hg .  hg .
held          .  .  .  .  .  he .  .  .  .  .  .  .  .
resuming      .  .  .  .  .  .  re .  .  .  .  .  .  .
stopping      .  sg .  sg sg sg sg sg .  .  .  .  .  .
stopped       .  .  .  .  .  .  .  .  sd .  .  .  .  .
aborting      .  .  .  ag ag ag ag ag ag .  .  .  ag .
asked_back    .  .  .  .  .  .  .  .  .  .  =  .  .  .
undone        .  .  .  .  .  .  .  .  .  .  =  .  .  .
undo_verified .  .  .  .  .  .  .  .  .  .  =  .  .  .
undo_blocked  .  .  .  .  .  .  .  .  .  .  =  .  .  .
violated      .  .  .  .  .  .  =  .  .  .  .  .  .  .
aborted       .  .  .  .  .  .  .  .  .  .  ad .  .  .
cleared       .  .  .  .  .  .  .  .  .  .  .  id .  .
completing    .  .  .  .  cg .  .  .  .  .  .  .  .  .
completed     .  .  .  .  .  .  .  .  .  .  .  .  co .
escalated     .  .  .  .  .  .  =  .  .  .  .  =  .  .
order_refused .  =  =  =  =  =  =  =  =  =  =  =  =  =
"""
_SHORT = {
    "id": "IDLE", "ch": "CHECKING", "ns": "NOT_STARTED", "wa": "WAITING_APPROVAL",
    "ru": "RUNNING", "hg": "HOLDING", "he": "HELD", "re": "RESTARTING", "sg": "STOPPING",
    "sd": "STOPPED", "ag": "ABORTING", "ad": "ABORTED", "cg": "COMPLETING", "co": "COMPLETE",
}  # fmt: skip
_STEPS = """\
          PENDING COMMAND PERFORM VERIFY DONE SKIPPED FAILED
PENDING   .       x       x       .      x    x       x
COMMAND   x       .       .       x      x    x       x
PERFORM   x       .       .       x      x    x       x
VERIFY    .       .       .       .      x    x       x
DONE      .       .       .       .      .    .       .
SKIPPED   .       .       .       .      .    .       .
FAILED    x       .       .       .      .    .       .
"""
_BODIES: dict[str, dict[str, object]] = {
    "already_so": {"step": "a", "tags": []},
    "filed": {"request_id": "R-1"},
    "lapsed": {"request_id": "R-1"},
    "asked": {"step": "a", "role": "operator", "text": "Close HV-107"},
    "signed_off": {"step": "a", "person": "anna"},
    "step": {"step": "a", "to": "COMMAND"},
    "due": {"action_id": "R-1/c1"},
    "asked_back": {"request_id": "R-2"},
    "undone": {"action_id": "R-1/r1", "state": "VERIFIED"},
    "expected": {"step": "a", "text": "P-101B.running"},
    "aborting": {"goal": "rollback"},
    "slow": {"scan": 7},
    "ran": {"step": "a", "run_id": "U-2"},
    "undo_verified": {"action_id": "R-1/r1"},
    "undo_blocked": {"reason": "no gate"},
    "violated": {"reason": "PT-102.pv > 280 kPa"},
}


def _cells(table: str) -> dict[tuple[str, str], str]:
    head, *rows = table.splitlines()
    columns = head.split()
    split = [row.split() for row in rows]
    return {(row[0], column): row[1 + n] for row in split for n, column in enumerate(columns)}


CELLS = {(event, _SHORT[state]): to for (event, state), to in _cells(_TABLE).items()}


def event(kind: str, seq: int = 0, **body: object) -> RunEvent:
    return RunEvent(EventKind(kind), _BODIES.get(kind, {}) | body, f"at {seq}", seq)


def opened(*kinds: str, **body: object) -> Run:
    """A run after these events; the last of them has this body."""
    given_ = ["opened", *kinds]
    last = len(given_)
    return fold(event(each, n, **(body if n == last else {})) for n, each in enumerate(given_, 1))


WAYS: dict[str, Sequence[str]] = {
    "CHECKING": (), "NOT_STARTED": ("not_started",), "WAITING_APPROVAL": ("filed",),
    "RUNNING": ("started",), "HOLDING": ("holding",), "HELD": ("holding", "held"),
    "RESTARTING": ("holding", "held", "resuming"), "STOPPING": ("stopping",),
    "STOPPED": ("stopping", "stopped"), "ABORTING": ("filed", "aborting"),
    "ABORTED": ("filed", "aborting", "aborted"), "COMPLETING": ("started", "completing"),
    "COMPLETE": ("started", "completing", "completed"),
}  # fmt: skip


def test_the_table_names_every_state_and_every_event() -> None:
    assert {name for name, _ in CELLS} == set(EventKind)
    assert {state for _, state in CELLS} == set(RunState) == {"IDLE", *WAYS}
    assert {CELLS["completed", each] for each in CLOSED} == {"."}


def test_every_event_leads_where_the_table_says_and_nowhere_else() -> None:
    for state in ["IDLE", *WAYS]:
        run = Run() if state == "IDLE" else opened(*WAYS[state])
        assert run.state == state, state
        for kind in EventKind:
            to = CELLS[kind, state]
            if to == ".":
                with pytest.raises(IllegalEvent, match=f"{kind} is not allowed in {state}"):
                    apply(run, event(kind, 9))
            else:
                after = apply(run, event(kind, 9))
                assert after.state == (state if to == "=" else _SHORT[to]), kind
                assert after.seq == 9, state


def test_a_run_that_was_cleared_is_over_and_cannot_be_opened_again() -> None:
    run = opened("filed", "aborting", "aborted", "cleared")
    assert (run.state, run.is_closed) == ("IDLE", True)
    for kind in EventKind:
        with pytest.raises(IllegalEvent):
            apply(run, event(kind, 9))


def test_a_step_goes_where_its_table_says() -> None:
    for before in StepState:
        for after in StepState:
            ways: dict[str, Sequence[str]] = {"PENDING": (), "VERIFY": ("COMMAND", "VERIFY")}
            run = opened("started")
            for each in ways.get(before, (before,)):
                run = apply(run, event("step", step="a", to=each))
            assert run.step("a") is before, (before, after)
            if _cells(_STEPS)[before, after] == "x":
                assert apply(run, event("step", step="a", to=after)).step("a") is after
            else:
                with pytest.raises(
                    IllegalEvent, match=f"step a cannot go from {before} to {after}"
                ):
                    apply(run, event("step", step="a", to=after))
            assert run.step("another") is StepState.PENDING, (before, after)


def test_an_attempt_begins_behind_the_requests_that_were_filed_before_it() -> None:
    run = opened("filed", "approved")
    for to in ("COMMAND", "FAILED", "PENDING"):
        assert run.attempts == {}
        run = apply(run, event("step", step="a", to=to))
    assert run.attempts == {"a": 1}


def test_an_undo_that_did_not_work_is_not_done() -> None:
    for state, undone in [
        ("VERIFIED", True), ("SKIPPED", True), ("REFUSED", False), ("INVALIDATED", False),
        ("UNKNOWN", False), ("MISMATCH", False),
    ]:  # fmt: skip
        run = opened("filed", "aborting", "undone", action_id="R-1/r1", state=state)
        assert run.undone == (("R-1/r1",) if undone else ()), state


KINDS = st.sampled_from([str(each) for each in EventKind])
STEPS = st.fixed_dictionaries({
    "step": st.sampled_from(["a", "b"]),
    "to": st.sampled_from([str(each) for each in StepState]),
})  # fmt: skip


@st.composite
def walks(draw: st.DrawFn) -> list[RunEvent]:
    found: list[RunEvent] = []
    for number, kind in enumerate(draw(st.lists(KINDS, min_size=1, max_size=40)), 1):
        body: dict[str, Any] = dict(draw(STEPS)) if kind == "step" else {}
        if kind in {"holding", "resuming", "order_refused"} and draw(st.booleans()):
            body = {"order": draw(st.integers(1, 50)), "at_once": draw(st.booleans())}
        found.append(event(kind, number, **body))
    return found


@given(walks())
@settings(max_examples=150)
def test_a_walk_never_leaves_the_table(walk: list[RunEvent]) -> None:
    run, past = apply(Run(), event("opened")), [event("opened")]
    for each in walk:
        cell = CELLS[each.kind, run.state]
        try:
            after = apply(run, each)
        except IllegalEvent:
            assert cell == "." or each.kind is EventKind.STEP or run.state is RunState.IDLE
            continue
        assert cell != "."
        if run.is_closed:
            assert each.kind is EventKind.ORDER_REFUSED
        past.append(each)
        assert fold(past) == after
        assert after.state == (run.state if cell == "=" else _SHORT[cell])
        assert after.is_closed == (after.state in {"IDLE", "NOT_STARTED", "STOPPED", "COMPLETE"})
        if cell != "=":
            assert (after.since, after.escalated) == (each.at, 0)
            was_over = run.state == "HELD" or run.is_cut_off
            stops_it = each.kind is EventKind.STOPPING and was_over
            is_undone = run.state == "ABORTING"  # whatever ends an undo ends its step
            assert after.is_cut_off == (bool(each.body.get("at_once")) or stops_it or is_undone)
        else:
            assert (after.since, after.is_cut_off) == (run.since, run.is_cut_off)
        run = after
    assert run.orders == max(int(each.body.get("order", 0)) for each in past)
    counts = [each.kind for each in past]
    assert run.restarts == counts.count(EventKind.RESUMING)
    asked = counts.count(EventKind.FILED) + counts.count(EventKind.ASKED_BACK)
    assert len(run.requests) == asked
    assert len(run.due) == counts.count(EventKind.DUE)
    assert len(run.undone) == counts.count(EventKind.UNDONE)
    assert run.goal == ("rollback" if EventKind.ABORTING in counts else "")


def test_a_resume_counts_no_time_of_another_process() -> None:
    run = Run(state=RunState.HELD, step_s={"start": 5e6}, sent_s={"start": 5e6})
    resumed = apply(run, RunEvent(EventKind.RESUMING, {"reason": "", "at_s": 40.0}))
    assert (resumed.step_s, resumed.sent_s, resumed.resumed_s) == ({}, {}, 40.0)
