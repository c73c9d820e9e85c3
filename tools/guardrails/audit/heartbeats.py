"""Heartbeats in the journal. Each needs a signed grant of authority that names it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..signatures.decisions import Decision, authority_subject, meaning_of_subject
from ..signatures.heartbeat_grants import split_heartbeats
from .authority import AuditedAuthority


class AuditedHeartbeats:
    """Follows the journal's rows about heartbeats, beside those about authority."""

    def __init__(self, authority: AuditedAuthority) -> None:
        self._authority = authority
        self._named = set[tuple[str, str]]()
        self._running = set[str]()

    def sign(self, decision: Decision) -> None:
        """Records the heartbeats that a grant names. The signature is checked elsewhere."""
        subject = decision.subject or ""
        bare, named = split_heartbeats(subject)
        if decision.meaning == meaning_of_subject("grant-authority", subject):
            self._named |= {(bare, str(each)) for each in named}

    def forget(self) -> None:
        """A gate that starts has no heartbeat yet, however the one before it ended."""
        self._running.clear()

    def start(self, equipment: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a heartbeat that begins."""
        scope, generation = str(body["scope"]), int(body["generation"])
        until = str(body["until"])
        if equipment in self._running:
            yield f"the heartbeat of {equipment} began a second time"
        self._running.add(equipment)
        if not self._authority.is_with_agents(scope, generation, until):
            yield f"the heartbeat of {equipment} began, and {scope} was not granted"
        if (authority_subject(scope, generation, until), str(body["named"])) not in self._named:
            yield f"the heartbeat of {equipment} began, and no grant names it"

    def stop(self, equipment: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Follows a heartbeat that ends."""
        if equipment not in self._running:
            yield f"the heartbeat of {equipment} stopped ({body['reason']}), and had not begun"
        self._running.discard(equipment)
