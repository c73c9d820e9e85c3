"""Changes between two cards of a request after which an approver must be asked anew."""

from collections.abc import Iterator

from ....conditions.truth import TRUTH_TEXT
from .card_model import Card


def card_changes(before: Card, now: Card) -> Iterator[str]:
    """Yields what must not change between the card and the signature, and has changed.

    Evidence is not among it: a noisy value near its limit would ask again and again.
    """
    known = {each.person for each in before.signed}
    if new := [each.person for each in now.signed if each.person not in known]:
        yield f"{' and '.join(new)} signed"
    for old, new_ in zip(before.changes, now.changes, strict=True):
        if old.delta is None and old.now != new_.now:
            yield f"{new_.tag} reads {new_.now}, not {old.now}"
    for was, is_ in zip(before.requires, now.requires, strict=True):
        if was.truth != is_.truth:
            yield f"{TRUTH_TEXT[is_.truth]} now: {is_.text}"
    if before.unreleased != now.unreleased:
        yield f"the plan is not released: {now.unreleased}" if now.unreleased else "it is released"
    if before.problems != now.problems:
        yield from now.problems or ["what stood in the way is gone"]
