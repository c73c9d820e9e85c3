"""Orders of an operator to a run."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping

import typer

from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.inputs import recorded_of
from handwheel.playbooks.engine.requests.write_values import fix_value
from handwheel.playbooks.engine.run import IllegalEvent, Run, RunEvent, apply
from handwheel.playbooks.engine.states import INACTIVE, EventKind, RunState
from handwheel.playbooks.engine.undo import UNDO_DONE, PendingUndo, pending_undos
from handwheel.playbooks.execution.event_log import load_run
from handwheel.playbooks.execution.ledger_port import filed_request
from handwheel.playbooks.execution.orders import EVENTS
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.run_orders import (
    VERDICTS,
    Order,
    OrderRun,
    RunOrder,
    SignedOrder,
    order_in,
)
from handwheel.tools.guardrails.approval.session import role_for
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.ledger.actions import tags_of_run
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
from handwheel.tools.guardrails.ledger.runs import load_rows
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.request_status import resolve_hint
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import meaning_of_subject, run_subject
from handwheel.tools.guardrails.signatures.entitlement import check_roles
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import plain, printable

from ..people.signing import Signer, sign_statement
from ..shell.cli.json_result import tell_result
from ..shell.cli.ledger_wait import wait_for_change
from ..shell.terminal.panel import with_unit
from .run_view import RunView, find_run, view_run

_VALID_S = 60.0
_FOLLOWED_S = 5.0
_POLL_S = 0.1
_NO_ROLE = "operator"
_ON_THE_WAY = frozenset(
    {RunState.HOLDING, RunState.STOPPING, RunState.ABORTING, RunState.RESTARTING}
)
_MEANS: Mapping[SignedOrder, str] = {
    "resume": (
        "resume: the run evaluates evidence and permissives again and requests the remaining "
        "steps; nothing is written before an approval"
    ),
    "abort": "abort: the run is rolled back by the approved undo, newest action first",
    "clear": "clear: the run ends and releases its equipment; nothing is written",
    "signoff": "signoff: the run goes on once enough people have signed this step off",
}


def roles_of(view: RunView, plan: BoundPlaybook | None, order: SignedOrder) -> list[str]:
    """Returns the roles of which a person needs one to sign an order to a run."""
    if order == "signoff":
        return [view.run.asked[view.run.awaits].role] if view.run.awaits else [_NO_ROLE]
    found = {role for each in view.requests for role in each.request.roles}
    if plan is not None and plan.approval is not None:
        found.add(plan.approval.role)
    return sorted(found) or [plan.order_role if plan else _NO_ROLE]


def check_state(view: RunView, order: Order) -> None:
    """Refuses an order that does not fit the state of a run. Raises `PermitRefused`."""
    name, run = view.entry.run_id, view.run
    try:
        apply(run, RunEvent(EVENTS[order], {"goal": "rollback", "step": run.awaits, "person": ""}))
    except IllegalEvent:
        why = f": {printable(run.reason)}" if run.reason else ""
        raise PermitRefused(f"{order} is not possible for a run that is {run.state}{why}") from None
    if order == "signoff" and not run.awaits:
        raise PermitRefused(f"no step of {name} waits to be signed off")
    if order != "resume":
        return
    if run.goal:
        raise PermitRefused(f"{name} was being rolled back; {next_step('runs', 'abort', name)}")
    for record in view.requests:
        for each in record.unresolved:
            raise PermitRefused(f"{each.action_id} is {each.state}: {resolve_hint(each.action_id)}")


def meaning_lines(
    database: Ledger, view: RunView, plan: BoundPlaybook | None, order: SignedOrder
) -> Iterator[str]:
    """Yields the lines that explain an order before it is signed."""
    run = view.run
    title = printable(str(view.opening.get("title", "")))
    why = f": {printable(run.reason)}" if run.reason else ""
    yield f"{view.entry.run_id}  {title}"
    yield f"state {run.state}{why}"
    yield _MEANS[order]
    if order == "signoff" and run.awaits:
        yield from (f"  {printable(each)}" for each in run.asked[run.awaits].text.splitlines())
    if order == "abort":
        yield from undo_lines(database, view, plan)


def check_order_signer(
    context: DecisionContext,
    view: RunView,
    order: SignedOrder,
    roles: Collection[str],
    operator: Operator,
) -> None:
    """Refuses a person whose order to a run could not count. Raises `PermitRefused`."""
    run_id, step = view.entry.run_id, view.run.awaits
    if order == "signoff" and operator.person in view.run.signed_off.get(step, ()):
        raise PermitRefused(f"{operator.person} has signed {step} off already")
    tags = tags_of_run(context.database, run_id)
    check_roles(context, operator, roles, f"to {order} {run_id}", tags)


def sign_order(
    context: DecisionContext,
    view: RunView,
    order: SignedOrder,
    seen: int,
    roles: Collection[str],
    operator: Operator,
    open_key: Callable[[], Signer],
) -> RunOrder:
    """Signs an order to a run and records it.

    Args:
        seen: The number of the run's newest row when the person looked.

    Raises:
        GuardrailError: The person may not, or the run has gone on since.
        LedgerError: Nothing was recorded.
    """
    run_id = view.entry.run_id
    check_order_signer(context, view, order, roles, operator)
    tags = tags_of_run(context.database, run_id)
    signer = open_key()
    verdict, subject = VERDICTS[order], run_subject(run_id, seen)
    statement = Statement(
        verdict=verdict,
        meaning=meaning_of_subject(verdict, subject),
        role=role_for(context, operator, roles, tags),
        valid_s=_VALID_S,
        subject=subject,
    )
    now = instant_now()
    signed = sign_statement(context.database, signer, statement, now)
    message = OrderRun(
        site=context.site.id,
        run_id=run_id,
        order=order,
        seq=seen,
        roles=tuple(sorted(roles)),
        signed=signed,
    )
    return order_in(submit(context, message, now))


def follow_order(database: Ledger, given: RunOrder, run_id: str) -> bool:
    """Waits a few seconds for a run to follow an order, prints the result and returns it.

    Returns:
        Whether it has followed; if not, it has not looked yet.

    Raises:
        PermitRefused: It has refused, or was resumed and is held again, and says why.
        LedgerError: The ledger or the run cannot be read.
    """
    tell_result(run_id=run_id, order=given.order, followed=False)
    if not is_runner_alive(database, instant_now()):
        typer.echo(f"{given.order} {run_id}: recorded; {next_step('run')}")
        return False
    until_s = time.monotonic() + _FOLLOWED_S
    while True:
        run = load_run(database, run_id)
        is_taken = run.orders >= given.number
        is_late = time.monotonic() >= until_s
        if is_taken and (reason := _refusal(database, run_id, given.number)):
            raise PermitRefused(f"{run_id} does not {given.order}: {reason}")
        if is_late or (is_taken and run.state not in _ON_THE_WAY):
            break
        wait_for_change(database, _POLL_S)
    if not is_taken:
        typer.echo(f"{given.order} {run_id}: recorded; the run has not followed it yet")
        return False
    shown = view_run(database, find_run(database, run_id), instant_now()).run
    words = "  ".join(filter(None, (run_id, shown.state, printable(shown.reason))))
    if given.order == "resume" and shown.state in INACTIVE:
        raise PermitRefused(f"the run did not resume: {words}")
    typer.echo(words)
    tell_result(followed=True, state=shown.state.value, reason=shown.reason)
    return True


def _refusal(database: Ledger, run_id: str, number: int) -> str:
    for row in load_rows(database, run_id):
        if row.kind == EventKind.ORDER_REFUSED and row.body.get("order") == number:
            return printable(str(row.body.get("reason", "")))
    return ""


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
