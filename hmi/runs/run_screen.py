"""Text of a run, as a line of a list or as one screen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from handwheel.playbooks.engine.states import RunState, StepState
from handwheel.tools.conditions.truth import TRUTH_TEXT, values_text
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.runs import PREFIX, RunRow
from handwheel.tools.guardrails.ledger.store.states import ENDED_EARLY
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable

from ..journal.rows.row_text import event_name, event_text
from ..shell.terminal.panel import MARK, WIDEST, Part, Row, draw_part, fitting_width, headline
from .run_view import RunView, StepView, findings_of

_EVENTS = 6
_ODD = frozenset({RunState.HELD, RunState.ABORTED, RunState.ABORTING})
_STATE_WIDTH = 16


def run_line(view: RunView, now: Instant) -> str:
    """Returns a run as one line of a list."""
    run = view.run
    step = f"  {plain(view.current_step)}" if view.current_step else ""
    waits = view.waits_for(now)
    why = f"  {printable(run.reason)}" if run.reason else ""
    return (
        f"{view.entry.run_id}  {run.state:<{_STATE_WIDTH}}  {_time(run.since)}  "
        f"{plain(view.entry.playbook)}{step}{why}{f'  waits for {waits}' if waits else ''}"
    )


def render_run(
    view: RunView,
    titles: Mapping[str, str],
    site: str,
    now: Instant,
    width: int = WIDEST,
    *,
    is_coloured: bool = False,
) -> list[str]:
    """Returns a run as lines, none wider than the terminal.

    `titles` are those of the playbook's steps, by id, in order; empty if it is not at hand.
    """
    width = fitting_width(width)
    assets = ", ".join(plain(each) for each in view.opening.get("assets", []))
    groups = (
        _what(view, now),
        _why(view),
        [_part("steps", map(_step, view.steps(titles))), *_outcome(view)],
        [_part("events", _events(view.rows))],
    )
    lines = [headline(f"{view.entry.run_id}  {assets}", plain(site), width)]
    for group in groups:
        parts = [each for each in group if each.rows]
        lines += [""] if parts else []
        lines += (
            line for part in parts for line in draw_part(part, width, is_coloured=is_coloured)
        )
    return lines


def _part(label: str, rows: Iterable[Row]) -> Part:
    return Part(label, list(rows))


def _what(view: RunView, now: Instant) -> Iterator[Part]:
    run, opening = view.run, view.opening
    is_odd = run.state in _ODD
    yield _part("title", [Row(["", printable(str(opening.get("title", "")))], most=2)])
    since = f"{run.state} since {_time(run.since)} UTC" if run.since else str(run.state)
    why = f": {printable(run.reason)}" if run.reason else ""
    yield _part("state", [Row([MARK if is_odd else "", f"{since}{why}"], is_odd)])
    if waits := view.waits_for(now):
        yield _part("waits for", [Row(["", waits])])
    if by := plain(str(opening.get("begin_by", "")))[:19].replace("T", " "):
        yield _part("begins by", [Row(["", f"{by} UTC, or not at all"])])
    for outer in run.ancestors[:1]:
        yield _part("within", [Row(["", plain(outer)])])
    version = printable(str(opening.get("version", "")))
    yield _part("playbook", [Row(["", f"{plain(view.entry.playbook)} {version}".rstrip()])])
    agent = plain(str(opening.get("agent", "")))
    yield _part("agent", [Row(["", agent])] if agent else [])
    bound = opening.get("parameters", {})
    words = ", ".join(f"{plain(name)} {printable(str(value))}" for name, value in bound.items())
    yield _part("with", [Row(["", words], most=2)] if words else [])
    condition = printable(str(opening.get("condition", "")))
    place = printable(str(opening.get("trigger", "")))
    yield _part("trigger", [Row(["", condition], most=2), Row(["", f"({place})"], most=1)])


def _why(view: RunView) -> Iterator[Part]:
    for side in ("for", "against", "permissive"):
        wanted = "false" if side == "against" else "true"
        most = 1 if side == "permissive" else 2  # the value of a window comes last
        yield _part(side, [_finding(each, wanted, most) for each in findings_of(view.run, side)])


def _finding(found: Mapping[str, str], wanted: str, most: int) -> Row:
    truth = str(found.get("truth", "unknown"))
    is_odd = truth != wanted
    shown = printable(str(found.get("shown", "")))
    text = shown if is_odd else values_text(shown)
    cells = [
        MARK if is_odd else "",
        TRUTH_TEXT.get(truth, plain(truth)),
        plain(str(found.get("id", ""))),
        text,
    ]
    return Row(cells, is_odd, None if is_odd else most)


def _step(step: StepView) -> Row:
    is_odd = step.state is StepState.FAILED
    is_told = step.state in {StepState.FAILED, StepState.SKIPPED} and step.reason
    text = printable(step.reason if is_told else step.title)
    cells = [MARK if is_odd else "", plain(step.step_id), str(step.state), _time(step.at), text]
    return Row(cells, is_odd, most=None if is_odd else 1)


def _outcome(view: RunView) -> Iterator[Part]:
    yield _part("requests", map(_request, view.requests))
    yield _part("expected", map(_expected, view.bodies("expected")))
    yield _told(view, "ran", "ran", 1)
    yield _told(view, "to do", "raised", 1)
    yield _told(view, "undone", "undone", 2)
    orders = (row for row in view.rows if row.kind in {"ordered", "order_refused"})
    yield _part("orders", map(_order, orders))


def _request(record: RequestRecord) -> Row:
    state, why = record.status
    writes = ", ".join(
        f"{plain(each.tag)} = {printable(each.shown)}" for each in record.request.commands
    )
    is_odd = bool(record.unresolved)
    is_told = is_odd or record.state in ENDED_EARLY
    cells = [MARK if is_odd else "", record.request.request_id, state, writes]
    return Row([*cells, why] if is_told else cells, is_odd, most=None if is_told else 1)


def _expected(body: Mapping[str, Any]) -> Row:
    is_kept = body.get("kept") is True
    text = f"{body.get('step', '')}: {body.get('shown', '')}"
    cells = ["" if is_kept else MARK, "met" if is_kept else "NOT MET", printable(text)]
    return Row(cells, not is_kept, most=1 if is_kept else None)


def _told(view: RunView, label: str, kind: str, most: int) -> Part:
    """Returns the events of a kind, each in `most` rows."""
    texts = (event_text(PREFIX + kind, body) for body in view.bodies(kind))
    return _part(label, (Row(["", each], most=most) for each in texts))


def _order(row: RunRow) -> Row:
    is_refused = row.kind == "order_refused"
    text = event_text(PREFIX + row.kind, row.body)
    cells = [MARK if is_refused else "", _time(row.at), f"{'refused: ' * is_refused}{text}"]
    return Row(cells, is_refused)


def _events(rows: Sequence[RunRow]) -> Iterator[Row]:
    if len(rows) > _EVENTS:
        yield Row(["", f"the last {_EVENTS} of {len(rows)}, a line each; --json has all of them"])
    yield from map(_event, rows[-_EVENTS:])


def _event(row: RunRow) -> Row:
    text = event_text(PREFIX + row.kind, row.body)
    return Row(["", _time(row.at), event_name(PREFIX + row.kind), text], most=1)


def _time(at: str) -> str:
    return at[11:19]
