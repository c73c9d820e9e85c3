"""What a ledger says, to people at the gate's socket and to who reads a dead gate's file."""

import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Database, LedgerReader
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger, ledger_file

DOUBTS = {"UNKNOWN", "MISMATCH"}
UNDER_WAY = {"DUE", "CLAIMED", "SENDING"}


@dataclass(frozen=True)
class Standing:
    """Where a request and its actions stand; the actions by their ids, in order."""

    request_id: str
    state: str
    actions: Sequence[tuple[str, str]]

    @property
    def is_under_way(self) -> bool:
        return any(state in UNDER_WAY for _, state in self.actions)

    @property
    def doubtful(self) -> str:
        """The action that a person must resolve; empty if there is none."""
        return next((name for name, state in self.actions if state in DOUBTS), "")


def standing_of(ledger: LedgerReader) -> Standing | None:
    """Returns where the request stands that was filed last, if there is one."""
    # In one question: between two of them the request may end.
    rows = ledger.all(
        "SELECT request_id, request.state, action_id, action.state FROM action JOIN request "
        "USING (request_id) WHERE request.seq = (SELECT max(seq) FROM request) ORDER BY position"
    )
    if not rows:
        return None
    return Standing(rows[0][0], rows[0][1], [(row[2], row[3]) for row in rows])


def states_of_actions(ledger: LedgerReader) -> list[tuple[str, str]]:
    """Returns every action and its state, in the order of filing."""
    rows = ledger.all("SELECT action_id, state FROM action ORDER BY rowid")
    return [(row[0], row[1]) for row in rows]


def state_at_death(site: Site) -> str:
    """Returns the state of the action that moved last, else of its request, by the file alone.

    It reads a copy: to open the file itself would spare the next gate the recovery of what a
    killed one left.
    """
    if not has_ledger(site.state):
        return "no ledger"
    with _copied(site.state) as state, Database(state, site.id, read_only=True) as ledger:
        moved = {"action": "", "request": ""}
        for row in ledger.journal():
            machine, _, word = str(row.fields["kind"]).partition(".")
            if machine in moved and word.isupper():
                moved[machine] = word
    return moved["action"] or moved["request"] or "nothing filed"


@contextmanager
def _copied(state: Path) -> Generator[Path]:
    with TemporaryDirectory() as name:
        folder = ledger_file(state).parent
        shutil.copytree(folder, Path(name) / folder.name)
        yield Path(name)
