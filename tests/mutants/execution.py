"""Parts of the steps around the frame, write session, ledger, and the gate between actions."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from math import inf

import pytest

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import WriteAnswer, WriteSession
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import WriteOutcomeUnknown
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.gate.gate import Gate
from handwheel.tools.guardrails.gate.monitoring import crash_recovery as recovery
from handwheel.tools.guardrails.gate.monitoring.suspension_monitor import SuspensionMonitor
from handwheel.tools.guardrails.gate.state.execution import Execution, GateContext
from handwheel.tools.guardrails.gate.steps import intent, reading_age
from handwheel.tools.guardrails.gate.steps import send as sending
from handwheel.tools.guardrails.ledger.store.database import Database, Transaction
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ..kill import defects
from .mutant import Apply, Mutant, put, says

_WAY, _SHOWS = "tests/gate/steps/test_approval_to_frame.py", "tests/gate/steps/test_readback.py"
_DOOR = (
    "tests/connectors/actuation/test_permits.py"
    "::test_what_does_not_fit_the_permit_leaves_no_frame_and_its_twin_goes_through"
)
_FAULTS = (
    "tests/gate/recovery/test_crash_points.py"
    "::test_each_fault_of_a_device_has_its_outcome_and_one_frame"
)


def _defect(*names: str) -> Apply:
    """Puts defects in place that gates of another process have in `tests/kill`."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(defects, "_patch", patch)
        for name in names:
            getattr(defects, name)()

    return apply


def _taken_for(right: Callable[[WriteSession, Permit], Permit]) -> Apply:
    """Lets the write session judge a permit in which one thing was put right."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        real = vars(WriteSession)["_check"]

        def check(self: WriteSession, permit: Permit) -> Denial | None:
            found: Denial | None = real(self, right(self, permit))
            return found

        patch.setattr(WriteSession, "_check", check)

    return apply


def _any_device(session: WriteSession, permit: Permit) -> Permit:
    return replace(permit, identity=session.encoder.identity)


def _any_tag(session: WriteSession, permit: Permit) -> Permit:
    vars(session)["_tags"] = {permit.tag.name: permit.tag}
    return permit


def _no_heartbeats(session: WriteSession, permit: Permit) -> Permit:
    vars(session)["_heartbeats"] = frozenset[str]()
    return permit


def _any_time(_: WriteSession, permit: Permit) -> Permit:
    return replace(permit, until_s=inf)


def _any_intent(_: WriteSession, permit: Permit) -> Permit:
    return replace(permit, intent_seq=1)


def _used_again(patch: pytest.MonkeyPatch) -> None:
    """Lets a write session be used any number of times."""
    real = WriteSession.send

    async def send(self: WriteSession, permit: Permit) -> WriteAnswer:
        vars(self)["_is_used"] = False
        return await real(self, permit)

    patch.setattr(WriteSession, "send", send)


def _resend(patch: pytest.MonkeyPatch) -> None:
    """Sends once more where no answer came, as a library's retry does."""
    real = WriteSession.send

    async def send(self: WriteSession, permit: Permit) -> WriteAnswer:
        try:
            return await real(self, permit)
        except WriteOutcomeUnknown:
            vars(self)["_is_used"] = False
            return await real(self, permit)

    patch.setattr(WriteSession, "send", send)


def _unanchored(patch: pytest.MonkeyPatch) -> None:
    """Lets no transaction wait until the disk has its anchor."""
    real = Database.transaction

    def transaction(self: Database, now: object = None, **_: object) -> object:
        return real(self, now, waits_for="rows")  # type: ignore[arg-type]

    patch.setattr(Database, "transaction", transaction)


def _whatever_the_clock(patch: pytest.MonkeyPatch) -> None:
    """Lets the last look take a clock that was set for one that was not."""

    def check(execution: Execution) -> None:
        try:
            reading_age.check_reading_age(execution)
        except reading_age.ReadingTooOld:
            raise
        except PermitRefused:
            return

    patch.setattr(sending, "check_reading_age", check)


def _nobodys(patch: pytest.MonkeyPatch) -> None:
    """Lets a gate leave alone what another one has broken off."""

    async def recover_in_flight(context: GateContext) -> None: ...

    for place in (recovery, gate):
        patch.setattr(place, "recover_in_flight", recover_in_flight)


def _not_ended(patch: pytest.MonkeyPatch) -> None:
    """Lets a gate that starts go on with what was approved before."""

    def invalidate_in(_: Transaction, reason: str, states: Collection[RequestState]) -> None:
        assert (reason, set(states)) == (recovery.RESTARTED, {RequestState.APPROVED})

    patch.setattr(recovery, "invalidate_in", invalidate_in)


MUTANTS: Sequence[Mutant] = (
    Mutant(
        "M11a", "request still open", says(intent, "is_approved", True),
        "tests/gate/approval/test_concurrent_decisions.py"
        "::test_a_no_at_any_point_before_the_intent_lets_nothing_leave",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M11b", "wait for the intent's anchor", _unanchored,
        f"{_WAY}::test_an_intent_whose_anchor_is_not_on_the_disk_is_never_sent[broken]",
        "['VERIFIED'] != ['SENDING']",
    ),
    Mutant(
        "M11c", "order: intent recorded with the outcome",
        _defect("late_intent"),
        "tests/gate/recovery/test_crash_points.py::test_an_action_that_is_not_disturbed_passes_every_point",
        "I3: 0 intents for the frame",
    ),
    Mutant(
        "M12a", "lockout file", says(sending, "locked_files", set[str]()),
        f"{_WAY}::test_a_lockout_at_the_last_moment_lets_nothing_leave",
        "'VERIFIED' != 'REFUSED'",
    ),
    Mutant(
        "M12b", "2 s from reading to frame", put(reading_age, "BUDGET_S", inf),
        f"{_WAY}::test_a_machine_that_sleeps_between_the_look_and_the_frame_sends_nothing",
        "'VERIFIED' != 'REFUSED'",
    ),
    Mutant(
        "M12c", "clock step after the reading", _whatever_the_clock,
        f"{_WAY}::test_a_machine_that_sleeps_between_the_look_and_the_frame_sends_nothing",
        "its approval is None s old",
    ),
    Mutant(
        "M13a", "device check in `actuation`", _taken_for(_any_device),
        f"{_DOOR}[modbus another device]",
        "DID NOT RAISE WriteRefused",
    ),
    Mutant(
        "M13b", "byte check in `actuation`", says(WriteSession, "_is_write_of", True),
        "tests/connectors/actuation/test_permits.py::test_the_bytes_of_another_tag_are_refused",
        "DID NOT RAISE WriteRefused",
    ),
    Mutant(
        "M13c", "tag check in `actuation`", _taken_for(_any_tag),
        f"{_DOOR}[modbus another tag]",
        "the bytes are not a write of this tag",
    ),
    Mutant(
        "M13d", "time check in `actuation`", _taken_for(_any_time),
        f"{_SHOWS}::test_the_session_stops_a_frame_that_would_be_late[2.1-REFUSED]",
        "'VERIFIED' != 'REFUSED'",
    ),
    Mutant(
        "M13e", "intent check in `actuation`", _taken_for(_any_intent),
        f"{_DOOR}[modbus no intent]",
        "DID NOT RAISE WriteRefused",
    ),
    Mutant(
        "M13f", "one frame in `actuation`", _used_again,
        "tests/connectors/actuation/test_permits.py::test_a_write_session_sends_one_frame_and_no_second",
        "DID NOT RAISE WriteRefused",
    ),
    Mutant(
        "M13g", "no resend without an answer", _resend, f"{_FAULTS}",
        "c1 leaves a second time",
    ),
    Mutant(
        "M13h", "no heartbeat in an action", _taken_for(_no_heartbeats),
        "tests/connectors/actuation/test_heartbeats.py::test_an_action_cannot_write_a_heartbeat",
        "DID NOT RAISE WriteRefused",
    ),
    Mutant(
        "G1", "end of approvals after a clock step",
        says(gate, "invalidate", None),
        "tests/gate/recovery/test_start_up.py"
        "::test_a_clock_that_is_set_ends_what_waits_and_only_that[60.0]",
        "a restart or a clock step came in between",
    ),
    Mutant(
        "G2", "latch of a lockout", says(Gate, "_latch", None),
        "tests/gate/monitoring/test_gate_loop.py"
        "::test_a_lockout_ends_what_it_covers_and_is_latched_under_the_sites_name",
        "{} == {'P-101A': 1}",
    ),
    Mutant(
        "G3", "end of approvals at the gate's start", _not_ended,
        "tests/gate/recovery/test_crash_points.py"
        "::test_what_is_approved_and_waits_does_not_outlive_its_gate",
        "'DUE' != 'INVALIDATED'",
    ),
    Mutant(
        "G4", "10 s to take up a due action", says(gate, "sweep", None),
        f"{_WAY}::test_a_due_command_is_taken_up_within_ten_seconds_or_not[10.1-INVALIDATED]",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "G5", "outcome of an interrupted action", _nobodys,
        "tests/gate/recovery/test_crash_points.py::test_a_gate_that_ends_anywhere_never_sends_again",
        "'CLAIMED'] != ",
    ),
    Mutant(
        "G6", "end of approvals at a suspension",
        says(SuspensionMonitor, "_end_what_was_approved", None),
        "tests/gate/interlocks/test_suspension.py::test_a_full_disk",
        "APPROVED: 'APPROVED'> != ",
    ),
)  # fmt: skip
