"""Each of the sixteen steps replaced by one that does only what the next ones need."""

from collections.abc import Sequence

from handwheel.connectors.actuation.permit import permit_clock_s
from handwheel.tools.guardrails.gate.state.execution import Execution, Intent, Readback
from handwheel.tools.guardrails.gate.steps.device_checks import open_readers

from .mutant import Mutant, nothing, step, swap

_WAY, _STEP = "tests/gate/steps/test_approval_to_frame.py", "tests/gate/steps/test_each_step.py"
_FLOOD = "tests/gate/flood/test_flood.py::test_of_many_proposals_only_the_honest_ones_are_sent"


async def _open(execution: Execution) -> None:
    """Opens the write session, and does not look who is behind it."""
    context = execution.context
    execution.write_session = await context.open_write_session(
        context.site, execution.action.connection, [execution.tag]
    )
    await open_readers(execution)


async def _glance(execution: Execution) -> None:
    """Takes the time of a look, and looks at nothing."""
    execution.read_at, execution.read_s = execution.context.clock(), permit_clock_s()


async def _intend(execution: Execution) -> None:
    """Has an intent in memory, and none on disk."""
    execution.intent = Intent(execution.action.action_id, execution.action.wire, 1)


async def _believe(execution: Execution) -> None:
    """Takes any answer for the right one."""
    execution.is_echo_equal = execution.answer is not None


async def _see(execution: Execution) -> None:
    """Says that it reads as sent, and reads nothing."""
    action = execution.action
    words = f"{action.tag} reads {action.shown} {action.unit}".rstrip()
    execution.readback = Readback(True, True, words)


MUTANTS: Sequence[Mutant] = (
    Mutant(
        "M1", "file of the ledger in its place", step("check_gate", nothing),
        "tests/gate/interlocks/test_holds.py"
        "::test_a_gate_without_the_file_of_its_ledger_sends_nothing",
        "'SENDING' != 'CLAIMED'",
    ),
    Mutant(
        "M2", "request digest and action order",
        step("check_request", nothing),
        "tests/gate/runs/test_rollback.py::test_recovery_needs_something_to_undo",
        "r3 leaves, and its run did nothing",
    ),
    Mutant(
        "M3", "number of signatures", step("check_signatures", nothing),
        f"{_WAY}::test_a_request_that_is_approved_by_nobody_moves_nothing",
        "0 of 1 people have approved",
    ),
    Mutant(
        "M4", "expiry, before the device is reached", step("check_validity", nothing),
        f"{_STEP}::test_an_approval_that_is_too_old_opens_no_session",
        "'connect' in ",
    ),
    Mutant(
        "M5", "policy", step("check_policy", nothing),
        _FLOOD,
        "denied 9",
    ),
    Mutant(
        "M6", "digests of site, tags and policy", step("check_configuration", nothing),
        "tests/gate/approval/test_changed_tag_map.py"
        "::test_a_tag_that_means_another_thing_by_now_is_not_written[scaling]",
        "gives other bytes",
    ),
    Mutant(
        "M7", "conditions that block the equipment", step("check_interlocks", nothing),
        "tests/gate/recovery/test_crash_points.py"
        "::test_equipment_with_an_unknown_outcome_is_held_until_a_person_resolves_it",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M8", "identity of the device", step("open_device", _open),
        f"{_WAY}::test_a_device_that_is_another_by_now_gets_nothing",
        "'REFUSED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9", "fresh reading of the plant", step("check_plant", _glance),
        f"{_WAY}::test_a_plant_that_has_moved_since_gets_nothing",
        "'VERIFIED' != 'SKIPPED'",
    ),
    Mutant(
        "M10", "comparison with the signed bytes", step("check_encoding", nothing),
        _FLOOD,
        "altered: bytes",
    ),
    Mutant(
        "M11", "intent on disk", step("commit_intent", _intend),
        "tests/gate/recovery/test_crash_points.py::test_an_action_that_is_not_disturbed_passes_every_point",
        "I3: 0 intents for the frame",
    ),
    Mutant(
        "M12", "last check before the frame", step("check_before_send", nothing),
        "tests/gate/steps/test_readback.py"
        "::test_a_mistyped_lockout_stops_everything_also_at_the_last_look[P-101A-REFUSED]",
        "'VERIFIED' != 'REFUSED'",
    ),
    Mutant(
        "M13", "frame", step("send_frame", nothing),
        "tests/gate/recovery/test_crash_points.py::test_an_action_that_is_not_disturbed_passes_every_point",
        "'UNKNOWN' != 'VERIFIED'",
    ),
    Mutant(
        "M14", "comparison with the device's answer", step("check_answer", _believe),
        "tests/gate/recovery/test_crash_points.py"
        "::test_each_fault_of_a_device_has_its_outcome_and_one_frame"
        "[other echo-UNKNOWN-the answer is ,-1]",
        "'VERIFIED' == 'UNKNOWN'",
    ),
    Mutant(
        "M15", "read-back", step("read_back", _see),
        "tests/gate/recovery/test_crash_points.py::test_each_fault_of_a_device_has_its_outcome_and_one_frame",
        "'VERIFIED' == 'MISMATCH'",
    ),
    Mutant(
        "M16", "outcome in the ledger", step("record_outcome", nothing),
        "tests/gate/recovery/test_crash_points.py::test_an_action_that_is_not_disturbed_passes_every_point",
        "'SENDING' != 'VERIFIED'",
    ),
    Mutant(
        "M9-11", "order: intent before reading", swap(9, 11),
        f"{_WAY}::test_a_plant_that_has_moved_since_gets_nothing",
        "'INVALIDATED' != 'VERIFIED'",
    ),
    Mutant(
        "M11-13", "order: frame before intent", swap(11, 13),
        "tests/gate/recovery/test_crash_points.py::test_an_action_that_is_not_disturbed_passes_every_point",
        "'INVALIDATED' != 'VERIFIED'",
    ),
)  # fmt: skip
