"""Undo that an abort of a run will carry out, by the rule of the engine."""

from collections.abc import Iterator

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.inputs import recorded_of
from handwheel.playbooks.engine.requests.write_values import fix_value
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.undo import UNDO_DONE, PendingUndo, pending_undos
from handwheel.playbooks.execution.ledger_port import filed_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.safe_text import plain, printable

from ..shell.terminal.panel import with_unit
from .run_view import RunView


def undo_lines(database: Ledger, view: RunView, plan: BoundPlaybook | None) -> list[str]:
    """Returns a line for each write of the undo, in the order in which an abort sends them."""
    for record in view.requests:
        for each in record.unresolved:
            return [f"  nothing before {each.action_id} is resolved; it is {each.state}"]
    filed = [filed_request(database, each, lambda _: 0.0) for each in view.requests]
    actions = [each for request in filed for each in request.actions]
    if not any(each.action.kind == "command" and each.may_have_been_sent for each in actions):
        return ["  nothing to undo: no action with an undo was sent"]
    if plan is None or plan.digest != view.opening.get("digest"):
        return ["  the undo cannot be shown: the playbook has changed since the run began"]
    pending = pending_undos(plan, actions)
    lines = [line for each in pending for line in _lines(each, plan, view.run)]
    return lines or ["  nothing to undo: what was sent has no undo, or is undone"]


def _lines(undo: PendingUndo, plan: BoundPlaybook, run: Run) -> Iterator[str]:
    if not undo.approved:
        tag, value = undo.write.tag, fix_value(undo.write, {}, recorded_of(run, plan)).value
        shown = "an unknown value" if value is None else with_unit(tag.show_value(value), tag.unit)
        condition = undo.step.undo.if_ if undo.step.undo else None
        line = _line(tag.name, shown, condition.bound if condition else "")
        yield f"{line}, which is asked for anew"
    for each in undo.approved:
        if each.state not in UNDO_DONE:
            action = each.action
            needs = " and ".join(need.text for need in action.requires if need.why == "if")
            yield _line(action.tag, with_unit(action.shown, action.unit), needs)


def _line(tag: str, shown: str, condition: str) -> str:
    only = f", if {printable(condition)}" if condition else ""
    return f"  {plain(tag)} → {printable(shown)}{only}"
