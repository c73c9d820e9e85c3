"""What keeps the ledger what it is, the gate's alone, and its messages, taken away one by one."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from handwheel.tools.guardrails.gate.server.messages import MessageDoor
from handwheel.tools.guardrails.gate.steps import execute as carry_out
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.ledger.store import database, fold, log_file
from handwheel.tools.guardrails.ledger.store.database import Database, Transaction
from handwheel.tools.guardrails.ledger.store.journal import Chain
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.socket_server.peers import MessageRate

from .mutant import Mutant, both, put, says

_STORE = "tests/tools/guardrails/ledger/store"
_RACE = (
    "tests/gate/approval/test_concurrent_requests.py::test_who_loses_the_claim_does_nothing_more"
)
_FILE, _EDITED = f"{_STORE}/test_log_file.py", f"{_STORE}/test_edited_file.py"
_DOOR = "tests/gate/server/test_messages.py"


class _LikeAnyHash(str):
    """A hash that is equal to every other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _share(connection: sqlite3.Connection, path: Path) -> None:
    """Opens the file as every process may have it open."""
    connection.execute("PRAGMA log.journal_mode = WAL")


def _move_anyhow(
    transaction: Transaction, action_id: str, state: ActionState, to: ActionState, reason: str,
    details: dict[str, object],
) -> None:  # fmt: skip
    """Moves an action from whatever state it is in."""
    body = {"request_id": action_id.partition("/")[0], "from": state, "to": to, "reason": reason}
    transaction.record(f"action.{to}", action_id, body | details)


_CLAIM = put(carry_out, "move_action", _move_anyhow)
_WAYS = put(fold, "ACTIONS", {state: frozenset(ActionState) for state in ActionState})

MUTANTS: Sequence[Mutant] = (
    Mutant(
        "R1", "state that a claim compares", _CLAIM, _RACE,
        "an action does not go from VERIFIED to CLAIMED",
    ),
    Mutant(
        "R2", "state that a claim compares, and the ways in the fold", both(_CLAIM, _WAYS), _RACE,
        "has an intent already: it is sent once",
    ),
    Mutant(
        "R3", "state that a claim compares, the ways in the fold, and the look for an intent",
        both(_CLAIM, _WAYS, says(intent, "has_intent", False)), _RACE,
        "UNIQUE constraint failed: intent.action_id",
    ),
    Mutant(
        "L1", "exclusive lock on the ledger's file", put(log_file, "_take", _share),
        f"{_FILE}::test_no_other_process_can_open_it_not_even_to_read",
        "'database is locked'",
    ),
    Mutant(
        "L2", "hash of a row that is read", says(database, "digest", _LikeAnyHash()),
        f"{_FILE}::test_bytes_that_change_under_an_open_ledger_change_nothing_and_are_told",
        "DID NOT RAISE LedgerError",
    ),
    Mutant(
        "L3", "chain of the journal at the gate's start", says(Chain, "_tell", None),
        f"{_EDITED}::test_a_file_that_was_edited_is_not_opened[row changed]",
        "DID NOT RAISE LedgerError",
    ),
    Mutant(
        "L4", "anchors of the last rows at the gate's start", says(Chain, "end", None),
        f"{_EDITED}::test_a_file_that_was_edited_is_not_opened[last rows cut off]",
        "DID NOT RAISE LedgerError",
    ),
    Mutant(
        "L5", "ways of a request in the fold",
        put(fold, "REQUESTS", {state: frozenset(RequestState) for state in RequestState}),
        f"{_STORE}/test_fold.py"
        "::test_an_illegal_row_is_refused_and_leaves_the_tables_as_they_were[8 request.PENDING]",
        "DID NOT RAISE IllegalRow",
    ),
    Mutant(
        "S1", "messages that were applied before", says(Database, "rows_under", []),
        f"{_DOOR}::test_a_message_that_is_sent_twice_counts_once_with_the_same_answer",
        "assert (200,",
    ),
    Mutant(
        "S2", "OS user of the agents", says(MessageDoor, "_check_user", None),
        f"{_DOOR}::test_only_the_agents_user_may_send_for_agents[nobody-else]",
        "KeyError: 'code'",
    ),
    Mutant(
        "S3", "number of messages a second", says(MessageRate, "admits", True),
        f"{_DOOR}::test_messages_are_denied_when_a_process_sends_more_than_50_in_a_second",
        "KeyError: 'code'",
    ),
)  # fmt: skip
