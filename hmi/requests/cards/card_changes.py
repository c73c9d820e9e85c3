"""Changes of a request on its card, a ramp as one row, and their undo."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions.truth import TRUTH_TEXT, split_shown
from handwheel.tools.guardrails.approval.cards.card_model import CardChange, CardRecovery

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


def pace_text(ramp: Sequence[CardChange]) -> str:
    """Returns the time and the pace of a ramp, empty if the request does not say so."""
    paces = [each.after_s for each in ramp[1:] if each.after_s is not None]
    if not paces or len(paces) < len(ramp) - 1:
        return ""
    least, most = (format_duration(round(each)) for each in (min(paces), max(paces)))
    each = f"each {most}" if least == most else f"each {least} to {most}"
    takes = f"{ramp[0].tag} takes {format_duration(round(sum(paces)))} or more, one write {each}"
    return f"{takes}: a pace that the agents keep and the gate does not check"


def command_text(change: CardChange | CardRecovery) -> str:
    """Returns a write in words, `stop P-101B`, else the tag and its new value."""
    if change.verb:
        return f"{change.verb} {change.equipment}"
    return f"{change.tag} → {with_unit(change.after, change.unit)}"


def undo_text(recovery: CardRecovery, *, is_whole: bool = False) -> str:
    """Returns an undo with its conditions, and whether they are met now."""
    text = command_text(recovery)
    for each in recovery.only_if:
        condition = each.text if is_whole else split_shown(each.text)[0]
        text += f", if {condition} ({TRUTH_TEXT[each.truth]})"
    return text


def _change(ramp: Sequence[CardChange]) -> Row:
    change, *rest = ramp
    if rest:
        delta = with_unit(rest[-1].delta, change.unit) if rest[-1].delta else ""
        return Row(["", change.tag, _ramp(ramp), delta, change.limits or ""])
    value = f"{change.now} → {with_unit(change.after, change.unit)}"
    if change.is_already_so:
        return Row(["", change.tag, f"{value}, already set", "", change.limits or ""])
    delta = with_unit(change.delta, change.unit) if change.delta else ""
    return Row(["", change.tag, value, delta, change.limits or ""])


def _ramp(ramp: Sequence[CardChange]) -> str:
    """Returns the values of a ramp, as their number and size where all steps are the same."""
    first, last = ramp[0], ramp[-1]
    deltas = [Decimal(each.delta) for each in ramp if each.delta]
    steps = {b - a for a, b in pairwise([Decimal(0), *deltas])}  # with sign: none goes back
    if len(steps) == 1:
        size = with_unit(f"{abs(steps.pop()):f}", first.unit)
        value = f"{first.now} → {with_unit(last.after, last.unit)}"
        return f"{value} in {len(ramp)} steps of {size}"
    after = ", ".join(each.after for each in ramp)
    value = f"{first.now} → {with_unit(after, first.unit)}"
    return f"{value}, in {len(ramp)} writes one after the other"
