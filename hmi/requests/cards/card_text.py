"""Draws a card in the operator's words. What is folded, `card_details` draws."""

from collections.abc import Iterable, Iterator, Sequence

from handwheel.tools.conditions.truth import TRUTH_TEXT, split_shown
from handwheel.tools.guardrails.approval.cards.card_model import (
    UNREAD,
    Card,
    CardChange,
    CardRecovery,
)
from handwheel.tools.safe_text import quoted

from ...shell.terminal.panel import (
    LABEL,
    MARK,
    WIDEST,
    Part,
    Row,
    columns_of,
    draw_part,
    fitting_width,
    with_unit,
)
from ...shell.terminal.plural import counted
from ..assessment.assessment_text import assessment_parts
from ..assessment.model import Assessment
from .card_evidence import (
    UNSEEN,
    Fold,
    change_part,
    command_text,
    evidence,
    in_short,
    numbers_text,
    pace_text,
    ramps,
    reading_rows,
    ready,
    undo_text,
)

WHOLE = 24_000
"""Most characters of a reason, each one escaped."""
_WITHIN = " within "
_UNVERIFIED = "Unverified"
_MARGIN = 2  # columns of the mark
_LINES = 20  # of a card that no terminal limits
_ASSESSED_LINES = 8  # of an assessment beside it
_REASON_LINES, _EXPECTED_LINES, _PROBLEM_LINES, _PLAN_LINES = 3, 2, 2, 3


def render_card(
    card: Card,
    width: int = WIDEST,
    *,
    is_coloured: bool = False,
    most: int | None = None,
    assessment: Assessment | None = None,
) -> list[str]:
    """Returns a card as lines, none wider than the terminal, from 60 to 80 columns.

    Args:
        is_coloured: Whether abnormal rows are also coloured.
        most: Lines there are. The reason is cut, and then evidence, undo and assessment are folded,
            where that makes the card fit.
        assessment: What this terminal has computed itself. It is no part of the card.
    """
    width = fitting_width(width)

    def drawn(fold: Fold, reason: int, assessed: int = 2) -> list[str]:
        lines = list(_headline(card, width))
        for part in _parts(card, width, fold, reason, assessment, assessed):
            lines += draw_part(part, width, is_coloured=is_coloured)
        return lines

    room = _LINES if most is None else min(most, _LINES + (_ASSESSED_LINES if assessment else 0))
    whole = [drawn(Fold.NOTHING, reason) for reason in range(_REASON_LINES, 0, -1)]
    if fitting := next((each for each in whole if len(each) <= room), None):
        return fitting
    if most is None or len(whole[-1]) <= most:
        return whole[-1]
    folded = [drawn(fold, 1) for fold in Fold]
    if assessment is not None:
        folded += [drawn(Fold.COUNTED, 1, assessed) for assessed in (1, 0, -1, -2)]
    return next((each for each in folded if len(each) <= most), whole[-1])


def render_changes(card: Card, width: int) -> list[str]:
    """Returns only title and changes, for a card that is taller than the screen."""
    width = fitting_width(width)
    change = change_part(card.changes)
    return [card.title, *draw_part(change, width, is_coloured=False)]


def left_text(card: Card) -> str:
    """Returns the time left for the last signature, `29:12 left`."""
    if card.left_s <= 0.0:
        return "no time left"
    minutes, seconds = divmod(int(card.left_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"


def guest_text(card: Card) -> str:
    """Returns the account and the model of a guest, and who says so."""
    model = f"; unverified model {quoted(card.proposer_model)}" if card.proposer_model else ""
    return f"account {card.proposer_account}, as the agents' process says{model}"


def _headline(card: Card, width: int) -> Iterator[str]:
    roles = ", ".join(card.roles) or "no role may sign"
    right = f"{card.risk_class} · {roles} · {left_text(card)}"
    room = width - columns_of(right) - 2
    is_alone = len(card.changes) == 1 and columns_of(card.title + card.label) + 2 <= room
    left = f"{card.title}  {card.label}".rstrip() if is_alone else card.title
    if columns_of(left) > room:  # the title is never cut
        yield from _unlabelled(Row([left]), width)
        left = ""
    yield f"{left}{' ' * (width - columns_of(left) - columns_of(right))}{right}"
    yield from _unlabelled(Row([_origin(card)], most=1), width)


def _unlabelled(row: Row, width: int) -> Iterator[str]:
    margin = LABEL + _MARGIN
    for line in draw_part(Part("", [row]), width + margin, is_coloured=False):
        yield line[margin:]


def _origin(card: Card) -> str:
    where = f"{card.request_id} at {card.site}"
    if card.run is None:
        return f"{where}, asked by {card.proposer}"
    if card.unreleased:
        return f"UNRELEASED PLAN by {card.proposer}, {where}, run {card.run.run_id}"
    return f"{where}, run {card.run.run_id} of {card.run.playbook} {card.run.version}"


def _parts(
    card: Card, width: int, fold: Fold, reason: int, assessment: Assessment | None, assessed: int
) -> Iterator[Part]:
    room = width - LABEL - _MARGIN
    if card.unreleased:
        yield Part("Plan", [Row([MARK, card.unreleased], True, _PLAN_LINES)])
    if card.problems:
        yield Part("NOT NOW", [Row([MARK, each], True, _PROBLEM_LINES) for each in card.problems])
    if why := [*_order(card), *_triggers(card), *_reason(card, reason)]:
        yield Part("Why", why)
    if assessment is not None:
        yield from assessment_parts(assessment, assessed)
    yield change_part(card.changes)
    yield Part("Now", list(reading_rows(card)))
    yield Part("Then", list(_then(card)))
    if fold is Fold.COUNTED:
        yield from in_short(card)
    else:
        yield from evidence(card, "for", "For", room, fold)
        yield from evidence(card, "against", "Against", room, fold)
        yield from ready(card, room, fold)
    yield from _time_limit(card)
    yield Part("Undo", list(_undo(card, fold)))
    yield Part("Class", list(_class(card)))
    yield from _words(card, reason)


def _triggers(card: Card) -> Iterator[Row]:
    found = [each for each in card.run.evidence if each.side == "trigger"] if card.run else []
    alarms = [each for each in found if each.alarm]
    for each in alarms or found:  # alarms tell more than conditions
        name = f"alarm {each.alarm}" if each.alarm else split_shown(each.shown)[0]
        state = f"{TRUTH_TEXT[each.now]} now" if each.now else f"{TRUTH_TEXT[each.filed]} {UNSEEN}"
        if each.alarm and each.now is not None:
            state = "active" if each.now == "true" else "not active now"
        about = " ".join(filter(None, [each.label, numbers_text(each.shown_now)]))
        label = f": {about}" if about else ""
        is_met = each.now == "true"
        yield Row(["" if is_met else MARK, f"{name} {state}{label}"], not is_met)


def _order(card: Card) -> Iterator[Row]:
    ordered = card.run.ordered if card.run else None
    if ordered is None:
        return
    at = ordered.ordered_at
    day = "" if at[:10] == card.filed_at[:10] else f"{at[:10]} "
    given = ", ".join(f"{name} {value}" for name, value in ordered.given.items())
    text = f"ordered by {ordered.person} ({ordered.role}) {day}{at[11:16]} UTC"
    yield Row(["", f"{text}, with {given}" if given else text])


def _reason(card: Card, most: int) -> Iterator[Row]:
    """Yields the reason of a person, and who a guest is."""
    if card.proposer_kind == "person":
        yield Row(["", f"{card.proposer}: {quoted(card.reason, WHOLE)}"], most=most)
    elif card.proposer_kind == "guest":
        yield Row(["", guest_text(card)])


def _words(card: Card, most: int) -> Iterator[Part]:
    """Yields the words of a program, apart from all that was checked."""
    if card.proposer_kind != "person":
        text = f"the {card.proposer_kind}'s words: {quoted(card.reason, WHOLE)}"
        yield Part(_UNVERIFIED, [Row(["", text], most=most)])


def _then(card: Card) -> Iterator[Row]:
    by_limit: dict[float, list[str]] = {}
    for *before, each in ramps(card.changes):
        if each.readback:
            text = f"{each.readback} {with_unit(each.after, each.unit)}"
            text += " after its last write" if before else ""
            by_limit.setdefault(each.within_s, []).append(text)
    for within_s, texts in by_limit.items():
        yield Row(["", f"must read in {within_s:g} s: {', '.join(texts)}"])
    if silent := [each.tag for each in card.changes if not each.readback]:
        yield Row([MARK, f"cannot be read back: {', '.join(silent)}"], True)
    for each in card.changes:
        if each.promises:
            yield Row(["", f"expected{_joined_promises(each.promises)}"], most=_EXPECTED_LINES)
    if card.run is not None:
        yield Row(["", "sent at its step of the run; any other write is asked for again"])
        paces = map(pace_text, ramps(card.changes))
        yield from (Row(["", each]) for each in paces if each)


def _joined_promises(promises: Sequence[str]) -> str:
    """Joins expected results, with a time limit that all share in front."""
    parts = [each.rpartition(_WITHIN) for each in promises]
    limits = {limit for _, _, limit in parts}
    if len(limits) > 1 or not all(result for result, _, _ in parts):
        return f": {'; '.join(promises)}"
    return f" in {limits.pop()}: {'; '.join(result for result, _, _ in parts)}"


def _time_limit(card: Card) -> Iterator[Part]:
    if card.lease is not None:
        back = "; ".join(command_text(each) for each in card.recovery if each.undoes)
        yield Part("Lasts", [Row(["", f"{card.lease.span}, then the gate undoes it: {back}"])])


def _undo(card: Card, fold: Fold) -> Iterator[Row]:
    if card.lease is not None:
        yield Row(["", "the gate, when the time is over, in reverse order"])
        return
    if card.run is None:
        known = [each for each in card.changes if each.now != UNREAD]
        again = [_back(each) for each in known if each.readback]
        if again:
            yield Row(["", f"by a new request: {', '.join(again)}"])
        if final := [each.tag for each in card.changes if not each.readback]:
            yield Row([MARK, f"not reversible: {', '.join(final)}"], True)
    else:
        own = {each.undoes: each for each in card.recovery if each.undoes}
        is_folded = fold >= Fold.UNDO and len(own) > 1
        texts = [_undo_summary(card, own.values())] if is_folded else map(undo_text, own.values())
        for text in texts:
            yield Row(["", text])
        if final := [command_text(each) for each in card.changes if each.number not in own]:
            yield Row([MARK, f"this request has none for {', '.join(final)}"], True)
    yield from _if_it_fails(card, fold)


def _undo_summary(card: Card, own: Iterable[CardRecovery]) -> str:
    undoes = list(own)
    unmet = sum(any(one.truth != "true" for one in each.only_if) for each in undoes)
    text = f"{len(undoes)} of {len(card.changes)} writes have an undo"
    return f"{text}{f', {unmet} would not be sent now' if unmet else ''}: press u"


def _back(change: CardChange) -> str:
    if change.verb_back:
        return f"{change.verb_back} {change.equipment}"
    return f"{change.tag} → {with_unit(change.now, change.unit)}"


def _if_it_fails(card: Card, fold: Fold) -> Iterator[Row]:
    before = sum(each.before is not None for each in card.recovery)
    safe = [each for each in card.recovery if each.before is None and each.undoes is None]
    texts = [counted(before, "earlier undo")] if before else []
    if len(safe) == 1 and fold < Fold.UNDO:
        texts.append(f"safe state {command_text(safe[0])}")
    elif safe:
        texts.append(f"{counted(len(safe), 'write')} of the safe state")
    if texts:
        yield Row(["", f"if the run fails: {', '.join(texts)}"])


def _class(card: Card) -> Iterator[Row]:
    because = f", because {card.class_reason}" if card.class_reason else ""
    missing = max(card.quorum - len(card.signed), 0)
    people = f"{card.quorum} different people, {missing} still to sign"
    if card.quorum == 1:
        people = f"one {card.roles[0]}" if len(card.roles) == 1 else "one person"
    yield Row(["", f"{card.risk_class}{because}; {people}"])
    if card.signed:
        names = ", ".join(f"{each.person} ({each.role})" for each in card.signed)
        yield Row(["", f"signed by {names}"])
