"""Changes between two cards of a request after which an approver must be asked anew."""

from collections.abc import Iterator

from ....conditions.condition_text import TRUTH_TEXT
from .card_model import Card


def card_changes(before: Card, now: Card) -> Iterator[str]:
    """Yields what must not change between the card and the signature, and has changed."""
    known = {each.person for each in before.signed}
    if new := [each.person for each in now.signed if each.person not in known]:
        yield f"{' and '.join(new)} signed"
    for old, new_ in zip(before.changes, now.changes, strict=True):
        if old.delta is None and old.now != new_.now:
            yield f"{new_.tag} reads {new_.now}, not {old.now}"
    for was, is_ in zip(before.requires, now.requires, strict=True):
        if was.truth != is_.truth:
            yield f"{TRUTH_TEXT[is_.truth]} now: {is_.text}"
    yield from _evidence(before, now)
    if before.problems != now.problems:
        yield from now.problems or ["what stood in the way is gone"]


def _evidence(before: Card, now: Card) -> Iterator[str]:
    """Yields the evidence that supports the run no longer, or again."""
    if before.run is None or now.run is None:
        return
    for was, is_ in zip(before.run.evidence, now.run.evidence, strict=True):
        if is_.now is not None and was.is_against != is_.is_against:
            yield f"{is_.id} is {TRUTH_TEXT[is_.now]} now: {is_.shown_now}"
