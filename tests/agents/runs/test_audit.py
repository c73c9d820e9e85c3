"""The journal of a run of the real code, written anew with one row in another place: it is told."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.canonical import parse_canonical

from ...attacks.journal_tampering import Rows, write_anew
from ...attacks.sql_shell import copy_ledger, shell_of
from ..testbed.stepped_agents import START_B, START_B_BACK, STOP_A, AgentsRoom

_HALTS = ("rejected", "held", "aborting", "completed")


class Journal:
    """A copy of a room's ledger, that somebody has made fit again."""

    def __init__(self, room: AgentsRoom, folder: Path) -> None:
        self._room, self._folder = room, folder
        self.run_id, self.requests = room.run_id, room.run.requests
        copy_ledger(room.site.state, folder)
        self._texts = [row.text for row in room.desk.database.journal()]

    def rows(self) -> Rows:
        return [parse_canonical(text) for text in self._texts]

    def faults(self, rows: Rows) -> Iterable[str]:
        with shell_of(self._folder) as shell:
            write_anew(self._folder, shell, rows)
        context = self._room.desk.decision_context
        with Database(self._folder, self._room.site.id) as database:
            return audit(database, self._room.site, context.roster, context.policy.satisfies).faults

    def told(self, rows: Rows) -> list[str]:
        """The faults that are of whether the run stood so that anything might be sent."""
        found = [each.partition(": ")[2] for each in self.faults(rows)]
        return [
            each for each in found if "was due, and its run" in each or "the new request" in each
        ]

    def due(self, rows: Rows, kind: str, number: int = 0) -> int:
        """Where an action becomes due: the so-many-eth command or recovery."""
        found = [
            place for place, row in enumerate(rows)
            if row["kind"] == "action.DUE" and f"/{kind}" in row["subject"]
        ]  # fmt: skip
        return found[number]

    def halted(self, event: str, kind: str, number: int = 0) -> list[str]:
        """The faults, were such a row in front of where an action becomes due."""
        rows = self.rows()
        place = self.due(rows, kind, number)
        body = dict[str, str]()
        row = rows[place] | {"kind": f"run.{event}", "subject": self.run_id, "body": body}
        rows.insert(place, row)
        return self.told(rows)

    def without(self, event: str, number: int) -> list[str]:
        """The faults, were one row of the run not there."""
        rows = self.rows()
        rows.remove([row for row in rows if row["kind"] == f"run.{event}"][number])
        return self.told(rows)


@pytest.mark.timeout(300)
async def test_what_is_due_while_a_run_rests_is_told(room: AgentsRoom, tmp_path: Path) -> None:
    await room.settles()
    await room.ordered("hold", "HELD")
    room.order("resume")
    await room.approved(2)
    await room.reach_step("stop-duty", "VERIFY")
    await room.ordered("abort", "ABORTED")
    assert room.frames == [START_B, STOP_A, "P-101A.run_cmd=1", START_B_BACK]
    folder = tmp_path / "copy"
    folder.mkdir()
    journal = Journal(room, folder)
    first, second = (f"{each}/c1" for each in journal.requests)
    assert journal.faults(journal.rows()) == ()
    for event in _HALTS:
        assert journal.halted(event, "c")[0] == f"{first} was due, and its run was {event}"
        assert journal.halted(event, "c", 1) == [f"{second} was due, and its run was {event}"]
        found = journal.halted(event, "r")
        if event == "aborting":
            assert found == []
        else:
            assert len(found) == 2
            assert all("was due, and its run was not being undone" in each for each in found)
    assert journal.without("resuming", 0) == [f"{second} was due, and its run was held"]
    assert journal.without("approved", 1) == [
        f"{second} was due, and the new request was not approved"
    ]
    assert len(journal.without("aborting", 0)) == 2
