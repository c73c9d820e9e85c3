"""Changes, readings, evidence and required conditions of a card as rows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import IntEnum
from itertools import groupby, pairwise

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions.truth import TRUTH_TEXT, split_shown, values_text
from handwheel.tools.guardrails.approval.cards.card_model import (
    Card,
    CardChange,
    CardCondition,
    CardEvidence,
    CardReading,
    CardRecovery,
)

from ...shell.terminal.panel import MARK, Part, Row, columns_of, with_unit


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


def reading_rows(card: Card) -> Iterator[Row]:
    """Yields each reading with a fault, and of the others quality and age."""
    limits = {each.tag: each.age_limit_s for each in card.changes}
    usual = [each for each in card.readings if not each.fault]
    is_one = len(usual) == 1
    for each in card.readings:
        if each.fault or is_one:
            yield _reading(each, limits.get(each.tag))
    if len(usual) > 1:
        oldest_s = max(each.age_s or 0.0 for each in usual)
        least_s = min((limit for limit in limits.values() if limit is not None), default=None)
        text = f"{len(usual)} readings good, {oldest_s:.1f} s old"
        most, is_old = _age_limit(oldest_s, least_s)
        yield Row([MARK if is_old else "", f"{text}{most}"], is_old)


def _reading(reading: CardReading, limit_s: float | None) -> Row:
    age = "" if reading.age_s is None else f", {reading.age_s:.1f} s old"
    most, is_old = _age_limit(reading.age_s, limit_s)
    value = f"{with_unit(reading.shown, reading.unit)}, {reading.quality}"
    fault = f": {reading.fault}" if reading.fault else ""
    is_odd = is_old or bool(fault)
    return Row([MARK if is_odd else "", reading.tag, f"{value}{age}{most}{fault}"], is_odd)


def _age_limit(age_s: float | None, limit_s: float | None) -> tuple[str, bool]:
    """Returns the age limit in words, and whether the age is over it."""
    if age_s is None or limit_s is None:
        return "", False
    if age_s > limit_s:
        return f", too old: at most {limit_s:g} s", True
    return f", at most {limit_s:g} s when sent", False


class Fold(IntEnum):
    """Parts of a card that are folded behind their keys, each with those before it."""

    NOTHING = 0
    EVIDENCE = 1  # that does not support the run
    UNDO = 2
    MET = 3  # evidence and required conditions that are met
    COUNTED = 4  # all evidence and required conditions that support the run, in one row


UNSEEN = "as filed, not seen here"
"""Mark of evidence that this terminal cannot evaluate, such as a window over time."""
_UNSEEN_MARK = "?"
_OWN_NAMES = ("invariant", "if", "remote_when")
_NUMBER = re.compile(r" is (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(| [^,\]]+)(?=,|$)")
_TEXT = re.compile("“[^”]*”")
_NUMBERS_SHOWN = 2


def evidence(card: Card, side: str, label: str, room: int, fold: Fold) -> Iterator[Part]:
    """Yields the evidence of one side, in short where it supports the run."""
    found = [each for each in card.run.evidence if each.side == side] if card.run else []
    usual = [each for each in found if not each.is_against]
    odd = [each for each in found if each.is_against]
    if side == "against":
        texts = [f"not met{_unmet(usual)}"] if usual else []
    else:
        texts = _packed(list(map(_met, usual)), room, fold)
    rows = [Row(["", text]) for text in texts]
    rows += [_summary(odd, len(found))] if fold and len(odd) > 1 else map(_odd, odd)
    if rows:
        yield Part(label, rows)


def _unmet(found: Sequence[CardEvidence]) -> str:
    seen = ", ".join(each.id for each in found if each.now is not None)
    unseen = ", ".join(each.id for each in found if each.now is None)
    parts = [f": {seen}" if seen else "", f" {UNSEEN}: {unseen}" if unseen else ""]
    return "; not met".join(filter(None, parts))


def _met(each: CardEvidence) -> str:
    """Returns evidence in short, without the values that nobody has checked here."""
    if each.now is None:
        return f"{_UNSEEN_MARK} {each.id} ({UNSEEN})"
    number = numbers_text(each.shown_now)
    return f"✓ {each.id}{f' {number}' if number else ''}"


def _summary(odd: Sequence[CardEvidence], count: int) -> Row:
    texts = (f"{each.id} {_state(each)}" for each in odd)
    text = f"{len(odd)} of {count} do not support the run, press e: {', '.join(texts)}"
    return Row([MARK, text], True, most=2)


def _state(each: CardEvidence) -> str:
    is_now = each.now not in {None, each.wanted}
    return f"{TRUTH_TEXT[each.now or 'unknown']} now" if is_now else _as_submitted(each)


def _as_submitted(each: CardEvidence) -> str:
    return f"{TRUTH_TEXT[each.filed]} when submitted"


def _odd(each: CardEvidence) -> Row:
    if each.now is None:
        filed = f"{TRUTH_TEXT[each.filed]} {UNSEEN}: {each.untold}"
        return Row([MARK, f"{each.id}: {filed} ({values_text(each.shown)})"], True)
    now, values = TRUTH_TEXT[each.now], values_text(each.shown_now)
    return Row([MARK, f"{each.id}: {_as_submitted(each)}, {now} now ({values})"], True)


def ready(card: Card, room: int, fold: Fold) -> Iterator[Part]:
    """Yields the required conditions, in short where they are met."""
    usual = [each for each in card.requires if each.truth == "true"]
    odd = [each for each in card.requires if each.truth != "true"]
    rows = [Row(["", text]) for text in _packed(list(map(_condition, usual)), room, fold)]
    rows += map(_unmet_condition, odd)
    if rows:
        yield Part("Ready", rows)


def in_short(card: Card) -> Iterator[Part]:
    """Yields all evidence and required conditions, only counted where they support the run."""
    run = card.run.evidence if card.run else []
    found = [each for each in run if each.side in {"for", "against"}]
    odd = [each for each in found if each.is_against]
    usual = [each for each in found if not each.is_against]
    met = [each for each in card.requires if each.truth == "true"]
    unseen = sum(each.now is None for each in usual)
    seen = len(usual) + len(met) - unseen
    more = f"   {_UNSEEN_MARK} {unseen} {UNSEEN}" if unseen else ""
    rows = [Row(["", f"✓ {seen} support it{more}: press e"])] if usual or met else []
    rows += [_summary(odd, len(found))] if len(odd) > 1 else map(_odd, odd)
    rows += [_unmet_condition(each) for each in card.requires if each.truth != "true"]
    if rows:
        yield Part("Evidence", rows)


def _unmet_condition(each: CardCondition) -> Row:
    return Row([MARK, f"{TRUTH_TEXT[each.truth]}: {each.text}"], True)


def _condition(each: CardCondition) -> str:
    name = each.why.removeprefix("permissive ")
    if name in _OWN_NAMES or name == each.why:
        return f"✓ {split_shown(each.text)[0]}"
    number = numbers_text(each.text)
    return f"✓ {name}{f' {number}' if number else ''}"


def numbers_text(shown: str) -> str:
    """Returns the first numbers behind a condition, of a window the window's own."""
    condition, values = split_shown(shown)
    numbers = _NUMBER.findall(_TEXT.sub("", values))  # a device's text tells no number
    is_window = re.search(r"\w\(", condition) is not None
    kept = numbers[-1:] if is_window else numbers[:_NUMBERS_SHOWN]
    return ", ".join(f"{float(number):.3g}{unit}" for number, unit in kept)


def _packed(items: Sequence[str], room: int, fold: Fold) -> list[str]:
    """Returns lines of whole items, or how many there are if they are folded."""
    lines = list(_lines(items, room))
    is_folded = fold >= Fold.MET and len(lines) > 1
    if not is_folded:
        return lines
    unseen = sum(each.startswith(_UNSEEN_MARK) for each in items)
    more = f"   {_UNSEEN_MARK} {unseen} {UNSEEN}" if unseen else ""
    return [f"✓ {len(items) - unseen} met{more}: press e"]


def _lines(items: Iterable[str], room: int) -> Iterator[str]:
    line = ""
    for item in items:
        if line and columns_of(line) + 3 + columns_of(item) > room:
            yield line
            line = ""
        line = f"{line}   {item}" if line else item
    if line:
        yield line
