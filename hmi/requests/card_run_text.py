"""Draws the parts of a card about the run of a playbook."""

from collections.abc import Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.guardrails.approval.cards.card_model import (
    Card,
    CardCondition,
    CardEvidence,
    CardRecovery,
    CardRun,
)

from ..shell.terminal.condition_text import TRUTH_TEXT
from ..shell.terminal.panel import LABEL, MARK, Part, Row, columns_of, with_unit

_VALUES = "  ["  # from here on the values behind a condition
_PROBLEMS_ABOVE = 3
_GAPS = 6  # columns of the mark, and between the cells of a permissive


def problems_above(card: Card) -> Part:
    """Returns the first problems, because the end of a long card may be off the screen."""
    rows = [Row([MARK, text], True, 1) for text in card.problems[:_PROBLEMS_ABOVE]]
    more = len(card.problems) - len(rows)
    if more:
        rows.append(Row([MARK, f"and {more} more, at the end"], True))
    return Part("NOT NOW", rows)


def permissives(card: Card, width: int, *, is_whole: bool) -> Part:
    """Returns the permissives, each true one on one line where it is short enough."""
    names = [each.why.removeprefix("permissive ") for each in card.requires]
    truths = [each.truth for each in card.requires]
    taken = max(map(len, truths), default=0) + max(map(len, names), default=0)
    room = None if is_whole else width - LABEL - taken - _GAPS
    rows = [_permissive(each, name, room) for each, name in zip(card.requires, names, strict=True)]
    return Part("requires", rows or [Row(["", "only the readings above"])])


def _permissive(condition: CardCondition, name: str, room: int | None) -> Row:
    if condition.truth != "true":
        return Row([MARK, condition.truth, name, condition.text], True)
    text = condition.text
    if room is not None and columns_of(text) > room:
        text = _values_of(text)
    return Row(["", condition.truth, name, text], most=None if room is None else 1)


def _values_of(shown: str) -> str:
    values = shown.partition(_VALUES)[2]
    return values.removesuffix("]") or shown


def playbook(run: CardRun) -> Part:
    """Returns the playbook, its run and its parameters."""
    rows = [Row(["", f"{run.playbook} {run.version}, request {run.segment} of run {run.run_id}"])]
    if run.parameters:
        bound = ", ".join(f"{name} {value}" for name, value in sorted(run.parameters.items()))
        rows.append(Row(["", f"with {bound}"], most=2))
    if run.supersedes:
        rows.append(Row(["", f"replaces {run.supersedes} and includes its undo actions"]))
    return Part("playbook", rows)


def evidence(run: CardRun, requires: list[CardCondition], *, is_whole: bool) -> Iterator[Part]:
    """Yields the evidence when submitted and now, but no permissive that is drawn already."""
    known = {each.why.removeprefix("permissive ") for each in requires}
    for side in ("for", "against", "permissive"):
        rows = [
            _evidence(each, is_whole=is_whole)
            for each in run.evidence
            if each.side == side and (side != "permissive" or each.id not in known)
        ]
        if rows:
            yield Part(side, rows)


def _evidence(found: CardEvidence, *, is_whole: bool) -> Row:
    filed = TRUTH_TEXT[found.filed]
    state = (
        f"{filed} when submitted" if found.now is None else f"{filed}, now {TRUTH_TEXT[found.now]}"
    )
    is_odd = found.is_against
    if is_whole or is_odd:
        now = f"; now {_values_of(found.shown_now)}" if found.now is not None else ""
        untold = f", {found.untold}" if found.untold else ""
        text = f"{found.shown}{now} ({found.source}{untold})"
    else:
        text = _values_of(found.shown)
    cells = [MARK if is_odd else "", state, found.id, text]
    most = 1 if found.now is not None else 2  # the value of a window comes last
    return Row(cells, is_odd, None if is_whole or is_odd else most)


def expected(card: Card) -> list[Part]:
    """Returns the results that the playbook expects of the process."""
    rows = [
        Row(["", f"{each.step or each.number}: {'; '.join(each.promises)}"])
        for each in card.changes
        if each.promises
    ]
    return [Part("expected", rows)] if rows else []


def undo(card: Card, *, is_whole: bool) -> Iterator[Part]:
    """Yields the undo of each command, of earlier commands, and the safe state."""
    own = {each.undoes: each for each in card.recovery if each.undoes}
    rows: list[Row] = []
    for change in card.changes:
        number = str(change.number)
        if found := own.get(change.number):
            rows.append(Row(["", number, _recovery(found, is_whole=is_whole)]))
        else:
            rows.append(Row([MARK, number, "not reversible by the run"], True))
    yield Part("undo", rows)
    before = [each for each in card.recovery if each.before]
    if before:
        yield Part(
            "before",
            [
                Row(["", f"undo of {each.before}: {_recovery(each, is_whole=is_whole)}"])
                for each in before
            ],
        )
    safe = [each for each in card.recovery if not each.before and not each.undoes]
    if safe:
        yield Part("safe state", [Row(["", _safe(each, is_whole=is_whole)]) for each in safe])


def _safe(recovery: CardRecovery, *, is_whole: bool) -> str:
    step = f"{recovery.step}: " if recovery.step else ""
    return step + _recovery(recovery, is_whole=is_whole)


def _recovery(recovery: CardRecovery, *, is_whole: bool) -> str:
    text = f"{recovery.tag} → {with_unit(recovery.after, recovery.unit)}"
    for each in recovery.only_if:
        condition = each.text if is_whole else each.text.partition(_VALUES)[0]
        text += f", if {condition} (now {each.truth})"
    return text


def lasting(run: CardRun) -> str:
    """Returns how long the run may take after the approval."""
    return f"the run may then take {format_duration(run.max_duration_s)}"
