"""Draws the part of a card about the lease of a request."""

from collections.abc import Iterator

from handwheel.tools.guardrails.approval.cards.card_model import Card, CardLease, CardRecovery

from ..shell.terminal.panel import Part, Row, with_unit

_DIGEST_SHOWN = 16


def lease(card: Card) -> list[Part]:
    """Returns the lease and each write with which the gate ends it."""
    if card.lease is None:
        return []
    rows = [row for each in card.recovery if each.undoes for row in _back(card.lease, each)]
    rows.append(Row(["", "", "time runs from the last write; undo in reverse order"]))
    return [Part("lease", rows)]


def _back(lease: CardLease, recovery: CardRecovery) -> Iterator[Row]:
    name = recovery.frame.action_id.rpartition("/")[2]
    after = with_unit(recovery.after, recovery.unit)
    digest = recovery.frame.digest[:_DIGEST_SHOWN]
    pairs = " ".join(digest[n : n + 4] for n in range(0, len(digest), 4))
    yield Row(["", name, f"{recovery.tag}: for {lease.span}, then the gate writes {after}"])
    yield Row(["", "", f"action {pairs} …"])
