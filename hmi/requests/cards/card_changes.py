"""Changes of a request on its card, a ramp as one row."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from handwheel.tools.guardrails.approval.cards.card_model import CardChange

from ...shell.terminal.panel import Part, Row, with_unit


def change_part(changes: Sequence[CardChange]) -> Part:
    """Returns the part with the changes."""
    return Part("Change", [_change(each) for each in ramps(changes)])


def ramps(changes: Sequence[CardChange]) -> Iterator[list[CardChange]]:
    """Yields the writes of each ramp together, and every other write alone."""

    def place(change: CardChange) -> tuple[object, ...]:
        is_number = change.delta is not None
        return change.step, change.tag, 0 if is_number else change.number

    found = groupby(changes, key=place)
    return (list(group) for _, group in found)


def _change(ramp: Sequence[CardChange]) -> Row:
    change, *rest = ramp
    after = ", ".join(each.after for each in ramp)
    value = f"{change.now} → {with_unit(after, change.unit)}"
    if rest:
        text = f"{value}, in {len(ramp)} writes one after the other"
        delta = with_unit(rest[-1].delta, change.unit) if rest[-1].delta else ""
        return Row(["", change.tag, text, delta, change.limits or ""])
    if change.is_already_so:
        return Row(["", change.tag, f"{value}, already set", "", change.limits or ""])
    delta = with_unit(change.delta, change.unit) if change.delta else ""
    return Row(["", change.tag, value, delta, change.limits or ""])
