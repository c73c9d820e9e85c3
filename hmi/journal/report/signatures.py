"""Signatures in the journal's rows, and whether they verify."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, cast

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.shift_handover import PARTS
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

from ..rows.entries import JournalEntry

_ADMINISTRATORS = frozenset({"release", "revoke-key"})
_ABOUT_SITE = _ADMINISTRATORS | {"grant-authority", "end-maintenance", "end-shift", "take-shift"}


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A signature, and whether it verifies now."""

    entry: JournalEntry
    decision: Decision
    fault: str  # why it does not verify now; empty if it does
    revoked: JournalEntry | None  # row that revoked its key

    @property
    def is_about_site(self) -> bool:
        """Whether it concerns the site, not a request or run."""
        return self.decision.verdict in _ABOUT_SITE

    @property
    def card(self) -> Mapping[str, Any]:
        """The card that the person was shown, or an empty mapping."""
        card = self.entry.body.get("card")
        return cast("Mapping[str, Any]", parse_canonical(card)) if card else {}

    @property
    def reading(self) -> str:
        """The reading on the card of an outcome, empty on other cards."""
        reading: object = self.card.get("reading")
        is_known = isinstance(reading, dict)
        return _reading_text(cast("Mapping[str, Any]", reading)) if is_known else ""

    @property
    def shown(self) -> Mapping[str, Sequence[str]]:
        """The readings, conditions and warnings of the card by label."""
        card, reading = self.card, self.reading
        problems: object = card.get("problems")
        known = cast("list[object]", problems) if isinstance(problems, list) else []
        found = str(card.get("found", "")) or "nothing was read"
        return {
            "it read": [reading] if reading else [*map(_reading_text, _tables(card, "readings"))],
            "read back": [found] if reading else [],
            "conditions": [f"{e.get('text')}: {e.get('truth')}" for e in _tables(card, "requires")],
            "warnings": [str(each) for each in known],
        }


class Signatures:
    """Reads signatures, and whether each verifies now, by the current `operators.yaml`.

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

    def of(self, entry: JournalEntry) -> SignedRow:
        """Returns the signature in a row."""
        signed = Signed(text=entry.body["text"], signature=entry.body["signature"])
        decision = parse_decision(signed.text)
        fault = self.fault(signed, entry.body.get("chain"))
        revoked = self._when.get(key_subject(decision.key_id)) if fault else None
        return SignedRow(entry, decision, fault, revoked)

    def of_handover(self, entry: JournalEntry) -> list[SignedRow]:
        """Returns both signatures in the row of a shift handover."""
        bodies = ({**entry.body[part], "card": entry.body["card"]} for part in PARTS)
        return [self.of(replace(entry, kind="decision", body=body)) for body in bodies]

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


def _reading_text(reading: Mapping[str, Any]) -> str:
    """Returns a reading of a card, such as `PIC-102.sp 350 kPa, good, 0.3 s old`."""
    value = f"{reading.get('tag')} {reading.get('shown')} {reading.get('unit') or ''}".rstrip()
    age = reading.get("age_s")
    old = f"{age:.1f} s old" if isinstance(age, float) else ""
    parts = (value, str(reading.get("quality", "")), old, str(reading.get("fault") or ""))
    return ", ".join(part for part in parts if part)


def _tables(card: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows: object = card.get(key)
    if not isinstance(rows, list):
        return []
    found = cast("list[object]", rows)
    return [cast("Mapping[str, Any]", each) for each in found if isinstance(each, dict)]
