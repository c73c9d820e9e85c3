"""Draws a card as lines of text: grey by default, and never colour alone.

The order of its parts is always the same, so that a person finds each without reading.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from handwheel.tools.guardrails.card_model import Card, CardFrame, CardReading, CardRecovery

NARROWEST = 80
_LABEL = 10
_ABNORMAL = "\x1b[1;31m{}\x1b[0m"
_KEY_SHOWN = 23
_MARK = "!"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a part; what is abnormal is marked, and coloured where there is colour."""

    cells: Sequence[str]
    is_abnormal: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A labelled part of the card; the cells of its rows stand in columns."""

    label: str
    rows: Sequence[_Row] = field(default_factory=tuple[_Row, ...])


def has_colour() -> bool:
    """Whether standard output shows colour and nobody has asked for none."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout.isatty() and not is_plain


def render_card(card: Card, width: int = NARROWEST, *, is_coloured: bool = False) -> list[str]:
    """Returns a card as lines, none wider than the terminal.

    Args:
        width: Of the terminal, columns; less than 80 is taken as 80.
        is_coloured: Whether what is abnormal is also coloured.
    """
    width = max(width, NARROWEST)
    groups = (
        (_changes(card), _readings(card), _requires(card)),
        (_effect(card), _undo(card), _risk(card), *_signed(card)),
        (_frames(card), _devices(card), _time(card)),
        (_proposer(card), _reason(card)),
    )
    lines = [_headline(card, width)]
    for group in groups:
        lines += ["", *(line for part in group for line in _drawn(part, width, is_coloured))]
    return [*lines, "━" * width, *_drawn(_verdict(card), width, is_coloured)]


def _headline(card: Card, width: int) -> str:
    name = f"━━ {card.request_id}  {', '.join(card.equipment)} "
    right = f" {card.site} ━━"
    left = name[: width - _columns(right) - 1]
    return left + "━" * (width - _columns(left) - _columns(right)) + right


def _changes(card: Card) -> _Part:
    rows = [
        _Row(
            [
                "",
                str(each.number),
                each.tag,
                f"{each.now} → {each.after}" + (f" {each.unit}" if each.unit else ""),
                each.delta + (f" {each.unit}" if each.unit else "") if each.delta else "",
                each.limits or "",
            ]
        )
        for each in card.changes
    ]
    return _Part("change", rows)


def _readings(card: Card) -> _Part:
    return _Part("now reads", [_reading(each) for each in card.readings])


def _reading(reading: CardReading) -> _Row:
    value = f"{reading.shown} {reading.unit}".rstrip()
    age = "" if reading.age_s is None else f"{reading.age_s:.1f} s old"
    mark = _MARK if reading.fault else ""
    cells = [mark, reading.tag, value, reading.quality, age, reading.fault]
    return _Row(cells, bool(reading.fault))


def _requires(card: Card) -> _Part:
    rows = [
        _Row(
            [_MARK if each.truth != "true" else "", each.truth, f"{each.text} ({each.why})"],
            each.truth != "true",
        )
        for each in card.requires
    ]
    return _Part("requires", rows or [_Row(["", "nothing but the readings above"])])


def _effect(card: Card) -> _Part:
    rows = [
        _Row(
            [
                "",
                str(each.number),
                f"{each.readback} must read {each.after} within {each.within_s:g} s"
                if each.readback
                else f"{each.tag} cannot be read back",
            ]
        )
        for each in card.changes
    ]
    return _Part("effect", [*rows, _Row(["", "", "without approval nothing is sent"])])


def _undo(card: Card) -> _Part:
    undone = {each.undoes: each for each in card.recovery if each.undoes}
    rows: list[_Row] = []
    for change in card.changes:
        undo = undone.get(change.number)
        if undo is None and change.readback:
            again = f"by a new request: {change.tag} → {change.now} {change.unit}".rstrip()
            rows.append(_Row(["", str(change.number), again]))
        elif undo is None:
            rows.append(_Row([_MARK, str(change.number), "not reversible"], True))
        else:
            rows.append(_Row(["", str(change.number), _recovery(undo)]))
    rows += [
        _Row(["", "", f"also, if a step fails: {_recovery(each)}"])
        for each in card.recovery
        if not each.undoes
    ]
    return _Part("undo", rows)


def _recovery(recovery: CardRecovery) -> str:
    return f"{recovery.tag} → {recovery.after} {recovery.unit}".rstrip()


def _risk(card: Card) -> _Part:
    people = "one person" if card.quorum == 1 else f"{card.quorum} different people"
    roles = " and ".join(card.roles) or "nobody may sign"
    missing = max(card.quorum - len(card.signed), 0)
    return _Part(
        "risk", [_Row(["", card.risk_class, f"{people}: {roles}; {missing} still to sign"])]
    )


def _signed(card: Card) -> list[_Part]:
    rows = [
        _Row(["", each.person, each.role, f"{each.signed_at[11:19]} UTC"]) for each in card.signed
    ]
    return [_Part("signed", rows)] if rows else []


def _frames(card: Card) -> _Part:
    rows: list[_Row] = []
    for frame in _all_frames(card):
        name = frame.action_id.rpartition("/")[2]
        pairs = " ".join(frame.wire[n : n + 2] for n in range(0, len(frame.wire), 2))
        rows.append(_Row(["", name, f"{frame.address} at {frame.where}"]))
        rows.append(_Row(["", "", pairs]))
    return _Part("frames", rows)


def _all_frames(card: Card) -> Iterator[CardFrame]:
    yield from (each.frame for each in card.changes)
    yield from (each.frame for each in card.recovery)


def _devices(card: Card) -> _Part:
    unique = dict.fromkeys(_device(frame) for frame in _all_frames(card))
    return _Part("device", [_Row(["", text]) for text in unique])


def _device(frame: CardFrame) -> str:
    name = f"“{frame.device}”" if frame.device else "does not say what it is"
    kind = ", a simulator" if frame.is_simulator else ""
    return f"{name}{kind}{', on this machine' if frame.is_loopback else ''}"


def _time(card: Card) -> _Part:
    until = f"until {card.expires_at[11:19]} UTC"
    if card.left_s <= 0.0:
        return _Part("time left", [_Row([_MARK, f"none, {until}"], True)])
    minutes, seconds = divmod(int(card.left_s), 60)
    left = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return _Part("time left", [_Row(["", f"{left}, {until}"])])


def _proposer(card: Card) -> _Part:
    # Its beginning: the whole key id stands in the card's document and in operator list.
    key = f", key {card.proposer_key[:_KEY_SHOWN]}…" if card.proposer_key else ""
    return _Part("proposer", [_Row(["", f"{card.proposer}, {_kind(card)}{key}"])])


def _kind(card: Card) -> str:
    return "a person" if card.proposer_kind == "person" else "an agent"


def _reason(card: Card) -> _Part:
    source = "" if card.proposer_kind == "person" else "an agent's words, not verified: "
    return _Part("reason", [_Row(["", f"{source}“{card.reason}”"])])


def _verdict(card: Card) -> _Part:
    digest = " ".join(card.request_digest[n : n + 4] for n in range(0, 16, 4))
    rows = [_Row([_MARK, text], True) for text in card.problems]
    if rows:
        return _Part("NOT NOW", rows)
    return _Part("digest", [_Row(["", f"{digest} …"])])


def _drawn(part: _Part, width: int, is_coloured: bool) -> Iterator[str]:
    room = width - _LABEL
    label = part.label
    for text, is_abnormal in _aligned(part.rows):
        for line in _wrapped(text, room):
            shown = _ABNORMAL.format(line) if is_coloured and is_abnormal else line
            yield f"{label:<{_LABEL}}{shown}"
            label = ""


def _aligned(rows: Sequence[_Row]) -> Iterator[tuple[str, bool]]:
    columns = max((len(row.cells) for row in rows), default=0)
    widths = [
        max((_columns(row.cells[n]) for row in rows if n < len(row.cells) - 1), default=0)
        for n in range(columns)
    ]
    for row in rows:
        cells = [
            cell + " " * (width - _columns(cell))
            for cell, width in zip(row.cells, widths, strict=False)
        ]
        mark, rest = f"{row.cells[0]:<2}", cells[1:]
        if len(row.cells) == 1:
            mark, rest = "  ", cells
        yield (mark + _joined(rest)).rstrip(), row.is_abnormal


def _joined(cells: Iterable[str]) -> str:
    return "  ".join(cell for cell in cells if cell)


def _wrapped(text: str, width: int) -> list[str]:
    """Breaks a line between words, and a word that is wider than all of it."""
    lines: list[str] = []
    while _columns(text) > width:
        fitting = next(n for n in range(len(text), 0, -1) if _columns(text[:n]) <= width)
        space = text.rfind(" ", 0, fitting + 1)
        at = space if text[: max(space, 0)].strip() else fitting
        lines.append(text[:at].rstrip())
        text = "    " + text[at:].lstrip()
    return [*lines, text]


def _columns(text: str) -> int:
    """Returns how many columns of a terminal a text takes."""
    return sum(
        0
        if unicodedata.category(each) in {"Mn", "Me"}
        else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )
