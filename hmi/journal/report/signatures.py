"""Writes signatures with printed name, date, time and meaning into the report."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, cast

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.administrators import administrator_decision
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    Reason,
    key_subject,
    parse_decision,
    verify,
)
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from ...shell.terminal.templates import WHOLE, moment
from ..rows.entries import JournalEntry
from ..rows.term_explanations import VERDICTS
from .layout import ReportWriter, labelled

_ADMINISTRATORS = frozenset({"release", "revoke-key"})
_ABOUT_SITE = _ADMINISTRATORS | {"grant-authority", "end-maintenance", "end-shift", "take-shift"}
_HASH = 16


class Signatures:
    """Writes signatures, and whether each verifies now, by the current `operators.yaml`.

    Needs all rows of the journal, to find when a key was revoked.
    """

    def __init__(
        self,
        site: Site,
        roster: Roster,
        revoked_keys: AbstractSet[str],
        entries: Iterable[JournalEntry],
    ) -> None:
        self._site, self._roster, self._revoked = site, roster, revoked_keys
        self._when = {
            each.subject: each
            for each in entries
            if each.kind == "decision" and each.subject.startswith(key_subject(""))
        }

    def write(self, report: ReportWriter, entry: JournalEntry, lead: str) -> None:
        """Writes the signature in a row, with a number or a time in front."""
        signed = Signed(text=entry.body["text"], signature=entry.body["signature"])
        decision = parse_decision(signed.text)
        verdict = VERDICTS.get(decision.verdict, decision.verdict)
        about = f": {printable(decision.subject or '')}" if decision.verdict in _ABOUT_SITE else ""
        report.paragraph(f"{lead}{printable(decision.person)} {verdict}{about}", 2, 3)
        self._write_fields(report, entry, signed, decision)

    def _write_fields(
        self, report: ReportWriter, entry: JournalEntry, signed: Signed, decision: Decision
    ) -> None:
        fault = self.fault(signed, entry.body.get("chain"))
        report.field("name", printable(decision.person), 5)
        report.field("signed", moment(decision.signed_at), 5)
        report.field("role", plain(decision.role), 5)
        report.field("meaning", f'"{printable(decision.meaning, WHOLE)}"', 5)
        if decision.comment:
            report.field("comment", f'"{printable(decision.comment, WHOLE)}"', 5)
        presence = (
            "attended: the passphrase was typed at a terminal"
            if decision.attended
            else "UNATTENDED: a script signed with the key, and no passphrase was typed"
        )
        report.field("presence", presence, 5)
        report.field("key", plain(decision.key_id), 5)
        report.field("verifies now", self._validity(fault, decision.key_id), 5)
        if decision.card and "card" in entry.body:
            shown = f"the card in the journal, hash {decision.card[:_HASH]}..."
            report.field("was shown", shown, 5)
        for label, text in card_fields(card_of(entry)):
            report.field(label, text, 5)
        recorded = "" if entry.at == decision.signed_at else f", recorded {moment(entry.at)}"
        report.field("in row", f"{entry.seq}{recorded}", 5)

    def _validity(self, fault: str, key_id: str) -> str:
        revoked = self._when.get(key_subject(key_id))
        if fault and revoked is not None:
            return f"NO: {printable(fault)}, {moment(revoked.at)}, row {revoked.seq}"
        return f"NO: {printable(fault)}" if fault else "yes"

    def fault(self, signed: Signed, chain: str | None) -> str:
        """Returns why a signature does not verify now, or an empty string.

        The person must have been enrolled at the time of signing. A revoked key is invalid for
        signatures of any time.
        """
        try:
            decision = parse_decision(signed.text)
            if decision.verdict not in _ADMINISTRATORS:
                at = parse_stamp(decision.signed_at)
                verify(signed, self._roster, self._revoked, self._site.id, at)
                return ""
            word = administrator_decision(signed, chain, self._site.id, self._site.trust_root)
            if word is None:
                return "no administrator has signed it"
            if not self._revoked.isdisjoint((word[1].key_id, *word[1].chain)):
                return str(Reason.REVOKED_KEY)
        except (GuardrailError, ValueError) as refusal:
            return str(refusal)
        return ""


def card_fields(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields the readings, conditions and warnings of a card, each with a label."""
    now: object = card.get("reading")  # only the card of an outcome has one
    if isinstance(now, dict):
        yield "it read", reading_text(cast("Mapping[str, Any]", now))
        yield "read back", printable(str(card.get("found", ""))) or "nothing was read"
    yield from labelled("it read", map(reading_text, _tables(card, "readings")))
    conditions = (
        f"{printable(str(each.get('text')))}: {plain(str(each.get('truth')))}"
        for each in _tables(card, "requires")
    )
    yield from labelled("conditions", conditions)
    problems: object = card.get("problems")
    known = cast("list[object]", problems) if isinstance(problems, list) else []
    yield from labelled("warnings", (printable(str(each)) for each in known))


def reading_text(reading: Mapping[str, Any]) -> str:
    """Returns a reading of a card, such as `PIC-102.sp 350 kPa, good, 0.3 s old`."""
    value = f"{reading.get('tag')} {reading.get('shown')} {reading.get('unit') or ''}".rstrip()
    age = reading.get("age_s")
    old = f"{age:.1f} s old" if isinstance(age, float) else ""
    parts = (value, str(reading.get("quality", "")), old, str(reading.get("fault") or ""))
    return printable(", ".join(part for part in parts if part))


def _tables(card: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows: object = card.get(key)
    if not isinstance(rows, list):
        return []
    found = cast("list[object]", rows)
    return [cast("Mapping[str, Any]", each) for each in found if isinstance(each, dict)]


def card_of(entry: JournalEntry) -> Mapping[str, Any]:
    """Returns the card that the person was shown, or an empty mapping."""
    card = entry.body.get("card")
    return cast("Mapping[str, Any]", parse_canonical(card)) if card else {}
