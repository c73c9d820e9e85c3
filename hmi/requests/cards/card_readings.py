"""Readings of a card, each one with a fault and the others together."""

from collections.abc import Iterator

from handwheel.tools.guardrails.approval.cards.card_model import Card, CardReading

from ...shell.terminal.panel import MARK, Row, with_unit


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
