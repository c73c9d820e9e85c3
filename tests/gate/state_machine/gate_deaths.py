"""Deaths of the gate at a message, and what is done to its file before the next one starts."""

from contextlib import suppress
from dataclasses import replace

import pytest

from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.gate.server.messages import apply_once
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures.message import Message, message_digest
from handwheel.tools.requests.request import ActionRequest

from ...attacks.edited_file import closed_file
from ...plants.fault_injection import Crash, crash, reopen
from .machine import WithPeople


class WithDeaths(WithPeople):
    """A site whose people ask again where they had no answer."""

    def approve_by_message(self, request: ActionRequest, person: str, point: int) -> None:
        """An approval that arrives at the gate, which may die at it, and arrives once more."""
        desk, told = self.room.desk, self.oracle.told[request.request_id]
        if not self.is_enrolled(person):
            return
        card = desk.card(request)
        signed = desk.sign(person, desk.statement("approve", request, person, card))
        message = Decide(site=self.site.id, signed=signed, card=card)
        with suppress(GuardrailError):
            try:
                rows = self._taken(message, point)
            except Crash:
                last = self.room.fuse.points[-1]
                self.count(f"crash at a message: {last}")
                if last in {"committed", "anchored"} and self._is_decided(message):
                    told.approvals[person] = self.room.clock.now()
                self.restart()
                rows = self._taken(message)
            if person not in told.approvals:
                assert not told.end, f"an approval was taken although {told.end}"
            told.approvals.setdefault(person, self.room.clock.now())
            told.with_old_keys.discard(person)
            assert self._taken(message) == rows
            kinds = [row.fields["kind"] for row in rows]
            assert kinds.count("decision") == 1, kinds

    def _is_decided(self, message: Message) -> bool:
        """Whether the gate has recorded the decision, and not its refusal."""
        rows = self.room.desk.database.rows_under(message_digest(message))
        return any(row.fields["kind"] == "decision" for row in rows)

    def _taken(self, message: Message, crash_at: int = 0) -> list[JournalRow]:
        """Lets the gate take a message, and die at a point of its way; at none for 0."""
        context = replace(self.room.desk.decision_context, database=self.room.context.database)
        self.room.fuse.arm(crash_at, crash)
        try:
            return list(apply_once(context, message, self.room.clock.now()))
        except GuardrailError:
            self.room.fuse.arm(0)
            raise

    def edit_file(self) -> None:
        """Somebody edits the ledger's file while no gate runs: none starts until it is back."""
        self.room.kill_gate()
        ledger = self.room.desk.database
        head = ledger.head()
        assert head is not None
        ledger.close()
        seq = (head.seq + 1) // 2
        with closed_file(self.site.state) as file:
            text = file.execute("SELECT text FROM row WHERE seq = ?", (seq,)).fetchone()[0]
            file.execute("UPDATE row SET text = ? WHERE seq = ?", (text.replace("a", "b"), seq))
        with pytest.raises(LedgerError, match=f"row {seq}: its hash does not fit its text"):
            reopen(ledger)
        with closed_file(self.site.state) as file:
            file.execute("UPDATE row SET text = ? WHERE seq = ?", (text, seq))
        reopen(ledger)
        self.restart()
