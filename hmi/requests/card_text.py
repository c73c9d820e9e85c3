"""Draws a card as lines of text, with its parts always in the same order."""

from collections.abc import Iterator, Sequence

from handwheel.connectors.hints import shell_command
from handwheel.tools.guardrails.approval.cards.card_model import (
    Card,
    CardChange,
    CardFrame,
    CardReading,
    CardRun,
)

from ..shell.terminal.panel import (
    LABEL,
    MARK,
    WIDEST,
    Part,
    Row,
    columns_of,
    draw_part,
    fitting_width,
    headline,
    with_unit,
)
from . import card_lease_text, card_run_text

Groups = Sequence[Sequence[Part]]

_KEY_SHOWN = 23
_BYTES_SHOWN = 16
_REASON_LINES = 3


def render_card(
    card: Card, width: int = WIDEST, *, is_coloured: bool = False, is_whole: bool = False
) -> list[str]:
    """Returns a card as lines, none wider than the terminal, from 60 to 80 columns.

    Args:
        is_coloured: Whether abnormal parts are also coloured.
        is_whole: Whether a long reason is drawn completely instead of its first three lines.
    """
    width = fitting_width(width)
    groups = _groups_of(card, width, is_whole)
    lines = [headline(f"{card.request_id}  {', '.join(card.equipment)}", card.site, width)]
    for group in groups:
        lines.append("")
        lines += (
            line for part in group for line in draw_part(part, width, is_coloured=is_coloured)
        )
    return [*lines, "━" * width, *draw_part(_verdict(card), width, is_coloured=is_coloured)]


def _groups_of(card: Card, width: int, is_whole: bool) -> Groups:
    if card.run is None:
        return _groups(card, width, is_whole)
    return _groups_of_run(card, card.run, width, is_whole)


def _groups(card: Card, width: int, is_whole: bool) -> Groups:
    return (
        (_changes(card), _readings(card), _requires(card)),
        (_effect(card), *card_run_text.expected(card),
         *card_lease_text.lease(card), *([] if card.lease else [_undo(card)]),
         _risk(card), *_signed(card)),
        (_frames(card, width), _devices(card), _time(card)),
        (_proposer(card), _reason(card, is_whole=is_whole)),
    )  # fmt: skip


def _groups_of_run(card: Card, run: CardRun, width: int, is_whole: bool) -> Groups:
    above = [[card_run_text.problems_above(card)]] if card.problems else []
    needs = card_run_text.permissives(card, width, is_whole=is_whole)
    found = card_run_text.evidence(run, card.requires, is_whole=is_whole)
    return (
        *above,
        (_changes(card), _readings(card), needs),
        (_reason(card, is_whole=is_whole), card_run_text.playbook(run), *found),
        (_effect(card), *card_run_text.expected(card),
         *card_lease_text.lease(card),
         *card_run_text.undo(card, is_whole=is_whole), _risk(card), *_signed(card)),
        (_frames(card, width), _devices(card), _time(card)),
        (_proposer(card),),
    )  # fmt: skip


def render_changes(card: Card, width: int) -> list[str]:
    """Returns only the changes, for a card that is taller than the screen."""
    return list(draw_part(_changes(card), fitting_width(width), is_coloured=False))


def wire_rows(frame: CardFrame, name: str, width: int) -> list[Row]:
    """Returns the address and the bytes of a frame as rows."""
    pairs = [frame.wire[n : n + 2] for n in range(0, len(frame.wire), 2)]
    room = width - LABEL - 2 - len(name) - 2
    step = min(_BYTES_SHOWN, (room + 1) // 3)
    lines = (" ".join(pairs[n : n + step]) for n in range(0, len(pairs), step))
    return [
        Row(["", name, f"{frame.address} at {frame.where}"]),
        *(Row(["", "", line]) for line in lines),
    ]


def device_text(frame: CardFrame) -> str:
    """Returns the name and the identity of a frame's device."""
    name = f"“{frame.device}”" if frame.device else "gives no name"
    kind = ", a simulator" if frame.is_simulator else ""
    proof = f", proved by the certificate {frame.certificate}" if frame.certificate else ""
    return f"{name}{kind}{', on this machine' if frame.is_loopback else ''}{proof}"


def _changes(card: Card) -> Part:
    return Part("change", [_change(each) for each in card.changes])


def _change(change: CardChange) -> Row:
    value = f"{change.now} → {with_unit(change.after, change.unit)}"
    delta = with_unit(change.delta, change.unit) if change.delta else ""
    if change.is_already_so:
        value, delta = f"{value}, already set", ""
    return Row(["", str(change.number), change.tag, value, delta, change.limits or ""])


def _readings(card: Card) -> Part:
    return Part("now reads", [_reading(each) for each in card.readings])


def _reading(reading: CardReading) -> Row:
    value = with_unit(reading.shown, reading.unit)
    age = "" if reading.age_s is None else f"{reading.age_s:.1f} s old"
    mark = MARK if reading.fault else ""
    cells = [mark, reading.tag, value, reading.quality, age, reading.fault]
    return Row(cells, bool(reading.fault))


def _requires(card: Card) -> Part:
    rows = [
        Row(
            [MARK if each.truth != "true" else "", each.truth, f"{each.text} ({each.why})"],
            each.truth != "true",
        )
        for each in card.requires
    ]
    return Part("requires", rows or [Row(["", "only the readings above"])])


def _effect(card: Card) -> Part:
    rows = [Row(["", str(each.number), _effect_of(each)]) for each in card.changes]
    when = "" if card.run is None else "; each write is sent at its step"
    return Part("effect", [*rows, Row(["", "", f"nothing is sent without approval{when}"])])


def _effect_of(change: CardChange) -> str:
    if not change.readback:
        return f"{change.tag} cannot be read back"
    after = with_unit(change.after, change.unit)
    return f"{change.readback} must read {after} within {change.within_s:g} s"


def _undo(card: Card) -> Part:
    return Part("undo", [_undo_of(each) for each in card.changes])


def _undo_of(change: CardChange) -> Row:
    if not change.readback:
        return Row([MARK, str(change.number), "not reversible"], True)
    again = f"by a new request: {change.tag} → {with_unit(change.now, change.unit)}"
    return Row(["", str(change.number), again])


def _risk(card: Card) -> Part:
    people = "one person" if card.quorum == 1 else f"{card.quorum} different people"
    roles = " and ".join(card.roles) or "no role may sign"
    missing = max(card.quorum - len(card.signed), 0)
    return Part("risk", [Row(["", card.risk_class, f"{people}: {roles}; {missing} still to sign"])])


def _signed(card: Card) -> list[Part]:
    rows = [
        Row(["", each.person, each.role, f"{each.signed_at[11:19]} UTC"]) for each in card.signed
    ]
    return [Part("signed", rows)] if rows else []


def _frames(card: Card, width: int) -> Part:
    names = [(frame, frame.action_id.rpartition("/")[2]) for frame in _all_frames(card)]
    widest = max(len(name) for _, name in names)
    rows = wire_rows if card.run is None else _short_wire_rows
    return Part(
        "frames", [row for frame, name in names for row in rows(frame, f"{name:<{widest}}", width)]
    )


def _short_wire_rows(frame: CardFrame, name: str, width: int) -> list[Row]:
    """Returns a frame on one line if it fits."""
    row = Row(["", name, f"{frame.address} at {frame.where}", bytes.fromhex(frame.wire).hex(" ")])
    is_short = columns_of("  ".join(row.cells)) <= width - LABEL
    return [Row(["", "  ".join(row.cells[1:])])] if is_short else wire_rows(frame, name, width)


def _all_frames(card: Card) -> Iterator[CardFrame]:
    yield from (each.frame for each in card.changes)
    yield from (each.frame for each in card.recovery)


def _devices(card: Card) -> Part:
    unique = dict.fromkeys(device_text(frame) for frame in _all_frames(card))
    return Part("device", [Row(["", text]) for text in unique])


def _time(card: Card) -> Part:
    until = f"until {card.expires_at[11:19]} UTC"
    if card.left_s <= 0.0:
        return Part("time left", [Row([MARK, f"none, {until}"], True)])
    minutes, seconds = divmod(int(card.left_s), 60)
    left = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    then = f"; {card_run_text.lasting(card.run)}" if card.run else ""
    return Part("time left", [Row(["", f"{left}, {until}{then}"])])


def _proposer(card: Card) -> Part:
    # The first characters: the card's document and `operator list` have the whole key id.
    key = f", key {card.proposer_key[:_KEY_SHOWN]}…" if card.proposer_key else ""
    kind = "a person" if card.proposer_kind == "person" else "an agent"
    return Part("proposer", [Row(["", f"{card.proposer}, {kind}{key}"])])


def _reason(card: Card, *, is_whole: bool) -> Part:
    source = "" if card.proposer_kind == "person" else "an agent's words, not verified: "
    rows = [Row(["", f"{source}“{card.reason}”"])]
    if is_whole:
        return Part("reason", rows)
    show = shell_command("requests", "show", card.request_id)
    hint = f"… ({len(card.reason)} characters: {show})"
    return Part("reason", rows, _REASON_LINES, hint)


def _verdict(card: Card) -> Part:
    digest = " ".join(card.request_digest[n : n + 4] for n in range(0, 16, 4))
    rows = [Row([MARK, text], True) for text in card.problems]
    if rows:
        return Part("NOT NOW", rows)
    return Part("digest", [Row(["", f"{digest} …"])])
