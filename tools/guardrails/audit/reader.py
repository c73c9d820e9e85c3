"""Follows the journal's rows, and tells what of them should not have been possible."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handwheel.connectors.model.site import Site

from ...errors import GuardrailError, PermitRefused
from ...requests.canonical import digest
from ...requests.request import Action, parse_request
from ...requests.timestamps import Instant, parse_stamp, stamp
from ..approval.request_limits import REFUSED
from ..approval.shift_handover import HANDED_OVER, PARTS
from ..identity.roster import Roster
from ..ledger.actions import all_states, all_texts
from ..ledger.decisions import all_decisions
from ..ledger.intents import all_wires
from ..ledger.runs import PREFIX
from ..ledger.store.database import Database
from ..ledger.store.states import ACKNOWLEDGED, ACTIONS, REQUESTS, ActionState, RequestState
from ..signatures.administrators import administrator_decision
from ..signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    Signed,
    VerdictName,
    parse_decision,
    verify,
)
from ..signatures.quorum import Satisfies, check_quorum
from ..signatures.resolutions import VERDICT_OF
from .authority import AuditedAuthority
from .heartbeats import AuditedHeartbeats
from .leases import EFFECT, AuditedLeases, held_effects, other_digest
from .lockouts import AuditedLockouts
from .requests import AuditedRequest, disorder, lateness, needless_recovery, wrong_supersession
from .runs import AuditedRuns
from .shifts import shift_faults


class AuditReader:
    """Follows the rows of one journal, and counts decisions and intents."""

    def __init__(self, site: Site, roster: Roster, satisfies: Satisfies) -> None:
        self._site, self._roster, self._satisfies = site, roster, satisfies
        self.cases: dict[str, AuditedRequest] = {}
        self._revoked = set[str]()
        self._decision_texts: dict[str, str] = {}
        self._wires: dict[str, str] = {}
        self._heads = set[str]()
        self._lockouts = AuditedLockouts(site)
        self._authority = AuditedAuthority(site)
        self._heartbeats = AuditedHeartbeats(self._authority)
        self._runs = AuditedRuns()
        self._leases = AuditedLeases(self._runs)
        self._resolved = set[tuple[str, str]]()
        self._epoch = 0
        self._others: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[str]]] = {
            "gate.started": self._gate_started,
            "authority.given": self._authority.give,
            "authority.taken": self._authority.take,
            "lockout.latched": self._lockouts.latch,
            "lockout.released": self._lockouts.release,
            "lease.lost": self._leases.lose,
            "heartbeat.started": self._heartbeats.start,
            "heartbeat.stopped": self._heartbeats.stop,
            HANDED_OVER: self._handed_over,
        }
        self.decisions = self.intents = 0
        self.verdicts = Counter[VerdictName]()  # of those that can be read

    def read(self, mark: str, fields: Mapping[str, Any] | None) -> Iterator[str]:
        """Follows the row whose hash is `mark`, and yields its faults.

        The fields are `None` if the row cannot be read, which the chain has told.
        """
        if fields is not None:
            try:
                yield from self._read(fields)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                yield f"cannot be read: {error}"
        self._heads.add(mark)

    def _read(self, fields: Mapping[str, Any]) -> Iterator[str]:
        kind, subject, body = str(fields["kind"]), str(fields["subject"]), fields["body"]
        now = Instant(
            parse_stamp(fields["at"]), fields["boot_id"], round(fields["boot_s"] * 1000.0)
        )
        if kind == "request.filed":
            yield from self._filed(subject, body)
        elif kind == "decision":
            yield from self._decided(subject, body)
        elif kind == "action.intent":
            yield from self._intended(subject, body)
        elif kind.startswith("request.") and kind != REFUSED:  # that one was never submitted
            yield from self._request_moved(subject, body, now)
        elif kind.startswith("action."):
            yield from self._action_moved(subject, body, now)
        elif kind.startswith(PREFIX):
            self._runs.follow(subject, kind)
        elif kind.startswith(EFFECT):
            self._leases.see(subject, kind, body)
        elif follow := self._others.get(kind):
            yield from follow(subject, body)

    def _gate_started(self, subject: str, body: Mapping[str, Any]) -> Iterator[str]:
        epoch = int(body["epoch"])
        if epoch <= self._epoch:
            yield f"gate {epoch} does not follow gate {self._epoch}"
        self._epoch = max(epoch, self._epoch)
        self._heartbeats.forget()

    def _filed(self, name: str, body: Mapping[str, Any]) -> Iterator[str]:
        try:
            request = parse_request(body["text"])
        except (ValueError, KeyError) as error:
            yield f"{name} is no request: {error}"
            return
        if request.digest != body.get("digest") or request.request_id != name:
            yield f"{name} was submitted under another digest"
        case = AuditedRequest(request)
        case.actions = {each.action_id: ActionState.PLANNED for each in request.actions}
        self.cases[name] = case
        self._runs.file(request)

    def _decided(self, subject: str, body: Mapping[str, Any]) -> Iterator[str]:
        self.decisions += 1
        signed = Signed(str(body.get("text")), str(body.get("signature")))
        chain = body.get("chain")
        try:
            decision = parse_decision(signed.text)
            self.verdicts[decision.verdict] += 1
            self._decision_texts[_name_of(signed.text)] = _decision_text(
                signed, decision.verdict, subject, chain
            )
            if decision.head not in self._heads:
                yield f"the decision on {subject} was made in view of another ledger"
            self._authority.sign(decision)
            if decision.verdict == "grant-authority":
                self._heartbeats.sign(decision)
            self._check_signature(signed, decision, chain)
        except GuardrailError as refusal:
            yield f"the decision on {subject} does not count: {refusal}"
            return
        card = body.get("card")
        if card is not None and decision.card != digest("card", str(card)):
            yield f"the decision on {subject} was made on another card"
        if decision.verdict == "revoke-key":
            self._revoked.add((decision.subject or "").removeprefix("key:"))
        if decision.verdict == "release":
            self._lockouts.sign(decision)
        self._resolved.add((decision.subject or "", decision.verdict))
        if subject in self.cases and decision.verdict != "propose":
            self.cases[subject].signed.append(signed)

    def _check_signature(self, signed: Signed, decision: Decision, chain: str | None) -> None:
        site = self._site
        if decision.verdict not in {"release", "revoke-key"}:
            at = parse_stamp(decision.signed_at)
            verify(signed, self._roster, self._revoked, site.id, at)
            return
        signed_decision = administrator_decision(signed, chain, site.id, site.trust_root)
        if signed_decision is None:
            raise PermitRefused("no administrator has signed it")
        if not self._revoked.isdisjoint((signed_decision[1].key_id, *signed_decision[1].chain)):
            raise DecisionRefused(Reason.REVOKED_KEY)

    def _handed_over(self, subject: str, body: Mapping[str, Any]) -> Iterator[str]:
        for part in PARTS:
            yield from self._decided(subject, {**body[part], "card": body["card"]})
        yield from shift_faults(subject, body)

    def _request_moved(self, name: str, body: Mapping[str, Any], now: Instant) -> Iterator[str]:
        case = self.cases.get(name)
        to = RequestState(body["to"])
        if case is None:
            yield f"{name} was never submitted"
            return
        if body["from"] != case.state or to not in REQUESTS.get(case.state, frozenset()):
            yield f"{name} cannot go from {case.state} to {to}"
        case.state = to
        yield from wrong_supersession(self.cases, name, to)
        if to is RequestState.APPROVED:
            case.approved = now

    def _intended(self, action_id: str, body: Mapping[str, Any]) -> Iterator[str]:
        self.intents += 1
        case = self.cases.get(action_id.partition("/")[0])
        if case is None or action_id not in case.actions:
            yield f"{action_id} was never submitted"
            return
        action = case.action(action_id)
        yield from needless_recovery(self.cases, case, action, self._wires)
        if body.get("wire") != action.wire:
            yield f"{action_id} was sent with other bytes than were submitted"
        yield from other_digest(action, body)
        if action_id in self._wires:
            yield f"{action_id} was to be sent a second time"
        self._wires[action_id] = str(body.get("wire"))
        yield from self._lockouts.stops(case.request, action)
        claimed = case.claimed.get(action_id)
        yield from self._authority.stops(
            case.request, action, stamp(claimed.wall) if claimed else ""
        )
        if case.approved is None:
            yield f"{action_id} was sent without an approval"
            return
        if case.state is not RequestState.APPROVED:
            yield f"{action_id} was sent while its request was {case.state}"
        yield from lateness(case, action)
        verdict = check_quorum(
            case.request, case.signed, self._roster, self._satisfies, self._revoked, case.approved
        )
        if not verdict.is_met:
            reasons = "; ".join(str(each) for each in verdict.findings)
            yield f"{action_id} was sent without enough signatures: {reasons}"

    def _action_moved(self, action_id: str, body: Mapping[str, Any], now: Instant) -> Iterator[str]:
        case = self.cases.get(action_id.partition("/")[0])
        if case is None or action_id not in case.actions:
            yield f"{action_id} was never submitted"
            return
        state, to = case.actions[action_id], ActionState(body["to"])
        if body["from"] != state or to not in ACTIONS.get(state, frozenset()):
            yield f"{action_id} cannot go from {state} to {to}"
        if to is ActionState.DUE:
            yield from disorder(case, case.action(action_id))
            yield from self._leases.untimely(case, case.action(action_id), now)
        if to is ActionState.CLAIMED:
            case.claimed[action_id] = now
        if to is ActionState.SENDING:
            if action_id not in self._wires:
                yield f"{action_id} was sent without an intent"
            if body["epoch"] != self._epoch:
                yield f"{action_id} was sent by gate {body['epoch']}, not by {self._epoch}"
        if to is ActionState.VERIFIED:
            action = case.action(action_id)
            yield from _readback_faults(action, body.get("readback"))
        verdict = VERDICT_OF.get(to)
        if verdict is not None and (action_id, verdict) not in self._resolved:
            yield f"{action_id} is {to}, and no person has signed that"
        case.actions[action_id] = to
        self._leases.move(action_id, to, now)

    def compare(self, database: Database) -> Iterator[str]:
        """Yields where the ledger's tables say something else than its journal."""
        told: dict[str, str] = {name: case.state for name, case in self.cases.items()}
        for case in self.cases.values():
            told |= case.actions
        yield from _differences(told, all_states(database))
        yield from _differences(
            {name: f"has the digest {case.request.digest}" for name, case in self.cases.items()},
            {
                name: f"has the digest {digest('request', text)}"
                for name, text in all_texts(database).items()
            },
        )
        yield from _differences(
            {name: f"sends {wire}" for name, wire in self._wires.items()},
            {name: f"sends {wire}" for name, wire in all_wires(database).items()},
        )
        yield from _differences(
            self._decision_texts,
            {
                _name_of(row.text): _decision_text(
                    Signed(row.text, row.signature), row.verdict, about, row.chain
                )
                for row, about in all_decisions(database)
            },
        )
        yield from _differences(self._leases.effects, held_effects(database))
        yield from self._lockouts.compare(database)
        yield from self._authority.compare(database)


def _readback_faults(action: Action, words: object) -> Iterator[str]:
    if not words:
        yield f"{action.action_id} is VERIFIED without a read-back"
    elif words == ACKNOWLEDGED and action.readback is not None:
        yield f"{action.action_id} is VERIFIED unread, and {action.readback} would show it"


def _decision_text(signed: Signed, verdict: str, about: str, chain: str | None) -> str:
    vouched = f", vouched for by {digest('enrolment', chain)[:12]}" if chain else ""
    return f"{signed.signature_hex} to {verdict} {about}{vouched}"


def _name_of(decision: str) -> str:
    return f"decision {digest('decision', decision)[:12]}"


def _differences(told: Mapping[str, str], held: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(told.keys() | held.keys()):
        if told.get(name) != held.get(name):
            yield (
                f"{name}: the ledger says {held.get(name, 'nothing')}, "
                f"the journal {told.get(name, 'nothing')}"
            )
