"""Parts of the first six steps taken away one by one: what speaks for a request."""

from collections.abc import Sequence
from math import inf

from handwheel.tools.guardrails.gate.steps import authorization, intent
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures import quorum
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.request_class import RequestClass
from handwheel.tools.requests.timestamps import Instant

from .mutant import Mutant, both, nothing, put, says, step

_WAY = "tests/gate/steps/test_approval_to_frame.py"
_LABELS = "tests/gate/forgery/test_forged_labels.py"
_FLOOD = "tests/gate/flood/test_flood.py::test_of_many_proposals_only_the_honest_ones_are_sent"
_HOLDS, _PEOPLE = "tests/gate/interlocks/test_holds.py", "tests/gate/approval/test_signers.py"


def _since_s(self: Instant, earlier: Instant) -> float | None:
    """The wall clock's difference, whatever became of the other clock."""
    return max((self.wall - earlier.wall).total_seconds(), 0.0)


MUTANTS: Sequence[Mutant] = (
    Mutant(
        "M1b", "file of the ledger in its place", says(Database, "check_file", None),
        "tests/gate/interlocks/test_lockout_without_ledger.py"
        "::test_without_the_file_of_the_ledger_the_intent_is_not_enough[removed]",
        "list index out of range",
    ),
    Mutant(
        "M2b", "order of the actions", says(authorization, "check_order", None),
        "tests/gate/runs/test_segments.py::test_commands_come_in_their_order",
        "'PIC-102.sp reads 360 kPa' == ",
    ),
    Mutant(
        "M2c", "state that an undo requires",
        says(authorization, "check_recovery", None),
        "tests/gate/runs/test_rollback.py::test_an_undo_comes_after_its_command_and_once",
        "c2 is taken back, and was not sent",
    ),
    Mutant(
        "M3a", "revoked keys", says(DecisionContext, "revoked_keys", frozenset[str]()),
        f"{_WAY}::test_a_key_that_was_revoked_after_the_approval_moves_nothing[anna]",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M3b", "proposer's signature",
        says(authorization, "_check_proposer", None),
        _FLOOD,
        "altered: nobody's key",
    ),
    Mutant(
        "M3c", "distinct approvers",
        says(vars(quorum)["_Count"], "_fault_of_repetition", None),
        _FLOOD,
        "word: one person twice",
    ),
    Mutant(
        "M3d", "proposer as approver", says(quorum, "_is_own", False),
        _FLOOD,
        "altered: proposer",
    ),
    Mutant(
        "M3e", "rejections", put(quorum, "_OBJECTIONS", {}),
        "tests/tools/guardrails/signatures/test_quorum.py::test_what_does_not_count_says_why",
        "AssertionError: rejected",
    ),
    Mutant(
        "M3f", "card that the approver saw", says(authorization, "check_card", None),
        _FLOOD,
        "word: another card",
    ),
    Mutant(
        "M3g", "ledger head and time in a decision",
        both(
            says(DecisionContext, "check_head", None),
            says(authorization, "_check_signed_since_start", None)
        ),
        _FLOOD,
        "word: another ledger",
    ),
    Mutant(
        "M3h", "policy on approval by script", says(authorization, "is_unattended_allowed", True),
        f"{_PEOPLE}::test_a_script_approves_a_simulator_where_the_policy_says_so",
        "VERIFIED: 'VERIFIED'> != ",
    ),
    Mutant(
        "M3i", "signature after the gate's start",
        says(authorization, "_check_signed_since_start", None),
        "tests/gate/forgery/test_edited_file.py"
        "::test_an_older_ledger_makes_no_second_frame_of_one_approval"
        "[both older-signature put in again]",
        "c1 leaves a second time",
    ),
    Mutant(
        "M3j", "released playbooks",
        says(authorization, "class_of", RequestClass("R1", 1, "")),
        f"{_LABELS}::test_a_release_is_looked_at_when_it_is_sent[edited]",
        "== []",
    ),
    Mutant(
        "M4a", "expiry, after the device is reached",
        put(intent, "check_validity", nothing),
        f"{_WAY}::test_an_approval_that_ends_while_the_device_is_reached_sends_nothing",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M4b", "expiry, before and after",
        both(step("check_validity", nothing), put(intent, "check_validity", nothing)),
        f"{_WAY}::test_an_approval_that_is_too_old_moves_nothing",
        "'VERIFIED' == 'INVALIDATED'",
    ),
    Mutant(
        "M4c", "validity period of an approval", says(authorization, "approval_holds_s", inf),
        f"{_WAY}::test_an_approval_that_is_too_old_moves_nothing",
        "'VERIFIED' == 'INVALIDATED'",
    ),
    Mutant(
        "M4d", "clock step or reboot", put(Instant, "since_s", _since_s),
        f"{_WAY}::test_a_clock_that_was_set_after_the_approval_ends_it[3.0]",
        "'VERIFIED' != 'INVALIDATED'",
    ),
    Mutant(
        "M4e", "end of the lease", says(authorization, "check_time_has_come", None),
        "tests/gate/leases/test_expiry.py::test_nothing_that_was_made_due_too_early_leaves",
        "its lease is taken back after 0.0 s",
    ),
    Mutant(
        "M6a", "digests of the files on disk",
        says(authorization, "check_request_files", None),
        "tests/gate/approval/test_changed_files.py"
        "::test_a_file_that_changes_after_the_approval_stops_it[tags.yaml]",
        "VERIFIED: 'VERIFIED'> != ",
    ),
    Mutant(
        "M6b", "tag description in the request",
        says(authorization, "check_description", None),
        _FLOOD,
        "altered: value",
    ),
)  # fmt: skip
