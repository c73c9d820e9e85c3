"""Replays the journal as a gate does when it starts, and verifies each signature in it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site

from ...errors import GuardrailError, LedgerError, PermitRefused
from ...requests.canonical import digest
from ...requests.request import parse_request
from ...requests.timestamps import parse_stamp
from ..approval.shift_handover import HANDED_OVER, PARTS
from ..identity.roster import Roster
from ..ledger.decisions import Signed, load_decisions
from ..ledger.records import load_exactly
from ..ledger.store.backup import NO_LEDGER
from ..ledger.store.fold import IllegalRow, unread
from ..ledger.store.journal import Chain, JournalRow
from ..ledger.store.ledger import JournalReader
from ..ledger.store.tables import Tables
from ..signatures.administrators import administrator_decision, revoked_keys
from ..signatures.decisions import VerdictName, parse_decision, verify
from ..signatures.quorum import Satisfies, check_quorum

_BY_CHAIN = frozenset({"release", "revoke-key"})


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of an audit."""

    rows: int
    requests: int
    decisions: int  # signed ones, of every kind
    verdicts: Mapping[VerdictName, int]  # how many of each kind, of those that can be read
    intents: int  # how many frames were to be sent
    faults: tuple[str, ...]


def audit(database: JournalReader, site: Site, roster: Roster, satisfies: Satisfies) -> Audit:
    """Checks chain, anchors, transitions, signatures, and the quorum behind each intent.

    Signatures are verified by the operators' file as it is now: a record that was taken out of it
    makes the signatures of that time unverifiable, and they are reported.

    Args:
        satisfies: Whether a role counted as another, such as `Policy.satisfied`.
    """
    # Anchors first: they follow the commits, so none can name a row that is not read after it.
    chain, count = Chain(database.anchor_lines()), 0
    reader = _AuditReader(site, roster, satisfies)
    found = list[str]()
    for row in database.journal():
        count += 1
        fields = chain.follow(row)
        if fields is not None:
            found += [f"row {row.seq}: {fault}" for fault in reader.read(row, fields)]
    chain.end()
    if not count:
        found.append(f"{NO_LEDGER}; {next_step('gate')}")
    faults = (*chain.faults, *found)
    return Audit(
        count, reader.requests, reader.decisions, dict(reader.verdicts), reader.intents, faults
    )


class _AuditReader:
    """Replays the rows of one journal, and counts requests, decisions and intents."""

    def __init__(self, site: Site, roster: Roster, satisfies: Satisfies) -> None:
        self._site, self._roster, self._satisfies = site, roster, satisfies
        self._replay = Tables()
        self._heads = set[str]()
        self.requests = self.decisions = self.intents = 0
        self.verdicts = Counter[VerdictName]()  # of those that can be read

    def read(self, row: JournalRow, fields: Mapping[str, Any]) -> Iterator[str]:
        """Replays the next row, and yields its faults."""
        try:
            kind, subject, body = fields["kind"], fields["subject"], fields["body"]
            if kind == "request.filed":
                yield from self._filed(subject, body)
            elif kind == "decision":
                yield from self._decided(subject, body)
            elif kind == HANDED_OVER:
                for part in PARTS:
                    yield from self._decided(subject, {**body[part], "card": body["card"]})
            elif kind == "action.intent":
                yield from self._intended(subject, body)
            self._replay.apply(row, fields)
        except IllegalRow as error:
            yield str(error).partition(": ")[2]
        except LedgerError as error:
            yield str(error)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            yield unread(error)
        self._heads.add(row.hash)

    def _filed(self, name: str, body: Mapping[str, Any]) -> Iterator[str]:
        self.requests += 1
        request = parse_request(body["text"])
        if request.digest != body["digest"] or request.request_id != name:
            yield f"{name} was filed under another digest"

    def _decided(self, subject: str, body: Mapping[str, Any]) -> Iterator[str]:
        self.decisions += 1
        signed = Signed(text=body["text"], signature=body["signature"])
        try:
            decision = parse_decision(signed.text)
            self.verdicts[decision.verdict] += 1
            if decision.head not in self._heads:
                yield f"the decision on {subject} was made in view of another ledger"
            if "card" in body and decision.card != digest("card", str(body["card"])):
                yield f"the decision on {subject} was made on another card"
            self._verify(signed, decision.verdict, parse_stamp(decision.signed_at), body)
        except GuardrailError as refusal:
            yield f"the decision on {subject} does not count: {refusal}"

    def _verify(
        self, signed: Signed, verdict: VerdictName, at: Any, body: Mapping[str, Any]
    ) -> None:
        site = self._site
        if verdict not in _BY_CHAIN:
            verify(signed, self._roster, revoked_keys(self._replay), site.id, at)
        elif administrator_decision(signed, body.get("chain"), site.id, site.trust_root) is None:
            raise PermitRefused("no administrator has signed it")

    def _intended(self, action_id: str, body: Mapping[str, Any]) -> Iterator[str]:
        self.intents += 1
        record = load_exactly(self._replay, action_id.partition("/")[0])
        if body["wire"] != record.action(action_id).wire:
            yield f"{action_id} was sent with other bytes than were approved"
        signed = [
            each.signed
            for each in load_decisions(self._replay, record.request.request_id)
            if each.verdict != "propose"
        ]
        if record.approved is None:
            yield f"{action_id} was sent without an approval"
            return
        verdict = check_quorum(
            record.request, signed, self._roster, self._satisfies,
            revoked_keys(self._replay), record.approved,
        )  # fmt: skip
        if not verdict.is_met:
            reasons = "; ".join(str(each) for each in verdict.findings)
            yield f"{action_id} was sent without enough signatures: {reasons}"
