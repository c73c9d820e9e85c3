"""What an attacker does, who has somebody's key and meets a gate that does not look."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from typing import Any

from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.cards.outcome_card import Outcome
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.decisions import Decision, meaning_of, new_nonce
from handwheel.tools.requests.canonical import signed_bytes
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import instant_now, stamp

from ..sites.on_disk import PEOPLE, SiteFolder
from ..sites.people import key_id, key_of
from .past_the_checks import force_approved, record_decision


class Forger(SiteFolder):
    """Signs what nobody has checked, and writes where only the product may.

    Attributes:
        is_forged: Whether there is something in the ledger by now that nobody has signed.
    """

    is_forged = False
    gate_ledger: Database | None = None

    @contextmanager
    def ledger(self) -> Generator[Database]:
        """The ledger of the gate that runs in this process, or the file where none does."""
        if self.gate_ledger is not None:
            yield self.gate_ledger
            return
        with Database(self.site.state, self.site.id) as database:
            yield database

    def sign(
        self,
        request: ActionRequest | None,
        card: Card | Outcome | None,
        by: str = "ben",
        key: str = "",
        **more: Any,
    ) -> Signed:
        """Signs an approval, or anything else, with a person's key and without any check."""
        now = instant_now()
        with self.ledger() as database:
            head = database.head()
        assert head is not None
        document: dict[str, Any] = {
            "site": self.site.id, "digest": request.digest if request else None,
            "verdict": "approve", "meaning": meaning_of("approve", request) if request else "",
            "person": by, "key_id": key_id(key or by),
            "role": PEOPLE.get(by, "operator"), "nonce": new_nonce(), "signed_at": stamp(now.wall),
            "valid_until": stamp(now.wall + timedelta(minutes=5)), "boot_id": now.boot_id,
            "boot_ms": now.boot_ms, "head": head.hash, "attended": True,
            "card": card.digest if card else None, **more,
        }  # fmt: skip
        text = Decision.model_validate(document).text
        signature = key_of(key or by).sign(signed_bytes("decision", text)).hex()
        return Signed(text=text, signature=signature)

    def force(self, record: RequestRecord, *decisions: tuple[Signed, Card | None]) -> None:
        """Records decisions and an approved, due request, past every check."""
        self.is_forged = True
        now, name = instant_now(), record.request.request_id
        with self.ledger() as database:
            for signed, card in decisions:
                record_decision(database, now, name, signed, card.text if card else None)
            force_approved(database, now, name)

    def file_altered(
        self,
        request: ActionRequest,
        change: Callable[[dict[str, Any]], object],
        *,
        is_signed: bool = True,
    ) -> RequestRecord:
        """Files a request that the policy has not seen, as a program could that misleads anna.

        With `is_signed` false she has not even signed it.
        """
        name, now = f"R-{token_hex(4).upper()}", instant_now()
        draft: dict[str, Any] = json.loads(
            json.dumps(request.model_dump(by_alias=True, exclude_none=True)).replace(
                request.request_id, name
            )
        )
        draft |= {"proposal_key": token_hex(16), "filed_at": stamp(now.wall)}
        change(draft)
        self.is_forged = True
        with self.ledger() as database:
            altered = ActionRequest.model_validate(draft)
            assert file_request(database, altered, "", now)
            record = load_request(database, name)
        if is_signed:
            meaning = meaning_of("propose", altered)
            proposal = self.sign(altered, None, "anna", verdict="propose", meaning=meaning)
            with self.ledger() as database:
                record_decision(database, now, name, proposal)
        return record
