"""What stands in the way whatever is signed, and parts of the look at the plant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from handwheel.connectors.actuation.permit import permit_clock_s
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.tools.guardrails.gate.state.execution import Execution, Readback
from handwheel.tools.guardrails.gate.state.suspensions import Suspensions
from handwheel.tools.guardrails.gate.steps import device_checks as plant
from handwheel.tools.guardrails.gate.steps import readback
from handwheel.tools.guardrails.interlocks import blocking
from handwheel.tools.guardrails.policy.cross_limits import CrossLimit

from .mutant import Apply, Mutant, put, says

_WAY, _SHOWS = "tests/gate/steps/test_approval_to_frame.py", "tests/gate/steps/test_readback.py"


def _without(name: str) -> Apply:
    """Takes one of the standing checks of the seventh step away."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        checks: tuple[Callable[..., None], ...] = vars(blocking)["_STANDING"]
        left = tuple(each for each in checks if each.__name__ != name)
        assert len(left) == len(checks) - 1, name
        patch.setattr(blocking, "_STANDING", left)

    return apply


def _as_read(_: Execution, readings: Mapping[str, DataValue], __: float) -> dict[str, DataValue]:
    """Lets a reading count, however old."""
    return dict(readings)


def _timed_late(patch: pytest.MonkeyPatch) -> None:
    """Lets the look count from the end of the reading."""
    real = vars(plant)["_look"]

    async def look(execution: Execution) -> list[str]:
        late: list[str] = await real(execution)
        execution.read_at, execution.read_s = execution.context.clock(), permit_clock_s()
        return late

    patch.setattr(plant, "_look", look)


def _judged(otherwise: Callable[[Readback], Readback]) -> Apply:
    """Lets what is read back be judged otherwise."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        real = vars(readback)["_judge"]

        def judge(execution: Execution, tag: Tag, reading: DataValue) -> Readback:
            return otherwise(real(execution, tag, reading))

        patch.setattr(readback, "_judge", judge)

    return apply


MUTANTS: Sequence[Mutant] = (
    Mutant(
        "M7a", "lockout latched in the ledger", _without("check_lockout"),
        "tests/gate/interlocks/test_lockout.py"
        "::test_only_a_signed_release_unlocks_and_what_was_approved_before_stays_dead",
        "VERIFIED: 'VERIFIED'> != ",
    ),
    Mutant(
        "M7b", "authority over the equipment", _without("_check_authority"),
        "tests/gate/interlocks/test_authority.py"
        "::test_an_agent_needs_a_hand_over_of_the_very_pump",
        "VERIFIED: 'VERIFIED'> != ",
    ),
    Mutant(
        "M7c", "lease of another request", _without("check_lease"),
        "tests/gate/leases/test_expiry.py::test_no_other_request_writes_what_is_in_a_lease",
        "PIC-102.sp reads 365 kPa",
    ),
    Mutant(
        "M7d", "unresolved outcome", _without("_check_held"),
        "tests/gate/recovery/test_crash_points.py"
        "::test_equipment_with_an_unknown_outcome_is_held_until_a_person_resolves_it",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M7e", "cool-down", _without("_check_cooldown"),
        f"{_WAY}::test_a_wall_clock_set_back_shortens_no_cool_down",
        "PIC-102.sp is written again after 5.0 s",
    ),
    Mutant(
        "M7f", "rate and group limits",
        says(blocking, "check_rates", None),
        "tests/gate/interlocks/test_pace.py"
        "::test_one_write_too_many_is_stopped_and_goes_when_the_window_is_over",
        "VERIFIED: P-101A.run_cmd reads true",
    ),
    Mutant(
        "M7g", "suspension", says(Suspensions, "check", None),
        "tests/gate/interlocks/test_suspension.py"
        "::test_what_begins_after_the_claim_is_stopped_by_the_seventh_step",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9a", "expected values", says(plant, "_check_expected", None),
        f"{_WAY}::test_a_plant_that_has_moved_since_gets_nothing",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9b", "required conditions", says(plant, "_requirements", []),
        f"{_WAY}::test_a_plant_that_has_moved_since_gets_nothing",
        "'SKIPPED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9c", "limits across tags", says(CrossLimit, "denial", None),
        f"{_WAY}::test_a_plant_that_has_moved_since_gets_nothing",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9d", "step size", says(plant, "_check_step", None),
        "tests/gate/steps/test_plant_checks.py::test_a_step_that_has_become_too_large_is_not_made",
        "VERIFIED: 'VERIFIED'> != ",
    ),
    Mutant(
        "M9e", "age of a reading", put(plant, "_aged", _as_read),
        f"{_SHOWS}::test_a_reading_that_is_old_or_of_another_kind_lets_nothing_through",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M9f", "reading timed from its start", _timed_late,
        "tests/gate/steps/test_last_checks.py"
        "::test_a_look_that_was_too_slow_is_taken_again_twice[always]",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M15a", "exact bytes in the read-back",
        _judged(lambda found: replace(found, is_as_sent=found.is_read)),
        f"{_SHOWS}::test_only_a_good_reading_of_the_very_bytes_verifies",
        "'VERIFIED' != 'MISMATCH'",
    ),
    Mutant(
        "M15b", "quality of the read-back",
        _judged(lambda found: found if found.is_read else replace(found, is_read=True)),
        f"{_SHOWS}::test_only_a_good_reading_of_the_very_bytes_verifies",
        "'MISMATCH' != 'UNKNOWN'",
    ),
)  # fmt: skip
