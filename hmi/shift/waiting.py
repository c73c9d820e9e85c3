"""List of everything at a site that waits for a person."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from handwheel.agents.deviations.case import Case, case_ids, load_case
from handwheel.connectors.hints import NEXT, shell_command
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.playbooks.engine.states import RunState
from handwheel.tools.append_only_store import IF_DAMAGED
from handwheel.tools.errors import LedgerError, ToolFailed
from handwheel.tools.guardrails.approval.run_orders import SignedOrder
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import read_lockouts
from handwheel.tools.guardrails.interlocks.missing_authority import (
    missing_authority,
)
from handwheel.tools.guardrails.ledger.actions import unresolved_on
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.entitlement import check_resolver
from handwheel.tools.maintenance.work_order_database import WORKORDERS_FILE, WorkOrders
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable

from ..cases.case_view import candidates_of, commands_in, questions, waits, what_is_wrong
from ..people.signing import has_gate, next_approvals, signed_commands
from ..requests.request_text import request_line
from ..requests.write_followup import open_line
from ..runs.orders import check_order_signer, roles_of
from ..runs.run_screen import run_line
from ..runs.run_view import RunView, view_run

Kind = Literal[
    "request", "run", "outcome", "open_write", "authority", "case", "question", "lockout",
    "work_order",
]  # fmt: skip
NOTHING = "nothing waits for a person"

_WITHOUT_GATE = frozenset({"open_write", "work_order"})  # kinds whose commands need none


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person."""

    kind: Kind
    subject: str  # request, run, action, playbook, scope or work order
    text: str  # one line with values and remaining time
    key: str  # text that changes when it must be shown again, without values and times
    details: tuple[str, ...] = ()  # lines about it, such as the conditions that would decide
    commands: tuple[str, ...] = ()  # commands that answer it, as they are typed

    @property
    def lines(self) -> list[str]:
        """Its text, details and commands, a line each."""
        more = [*self.details, *(f"{NEXT}{each}" for each in self.commands)]
        return [self.text, *(f"  {each}" for each in more)]


def waiting_for_people(site: Site, database: Ledger, now: Instant) -> list[Waiting]:
    """Returns everything that waits for a person, the most urgent kind first.

    Requests with too little time left end first, as in every list. No command that needs a gate is
    named while none runs.

    Raises:
        ConfigError: The policy or the operators cannot be read.
        LedgerError: The ledger cannot be read.
    """
    context = DecisionContext(site, database, load_policy(site), load_roster(site))
    found = [
        *_requests(context, now),
        *_outcomes(context, now),
        *_runs(context, now),
        *_cases(context, now),
        *_open_writes(database),
        *_lockouts(context),
        *_work_orders(site),
    ]
    if has_gate(database):
        return found
    return [each if each.kind in _WITHOUT_GATE else replace(each, commands=()) for each in found]


def _requests(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    for each in load_listed(context.database, every=False):
        if each.state in WAITING_REQUESTS:
            name = each.request_id
            found = next_approvals(context, load_exactly(context.database, name), now)
            commands = tuple(line.removeprefix(NEXT) for line in found)
            key = f"{name} {each.state}"
            yield Waiting("request", name, request_line(each, now), key, (), commands)


def _outcomes(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    for each in unresolved_on(context.database):
        name = plain(each.action_id)
        text = f"{printable(each.words)}; look at the plant"
        commands = tuple(_resolutions(context, name, now))
        yield Waiting("outcome", name, text, text, (), commands)


def _resolutions(context: DecisionContext, action_id: str, now: Instant) -> list[str]:
    request = load_exactly(context.database, action_id.partition("/")[0]).request
    check = partial(check_resolver, context, request)
    return signed_commands(context, ("requests", "resolve", action_id), check, now)


def _runs(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    database = context.database
    for entry in load_runs(database, only_open=True):
        name = plain(entry.run_id)
        try:
            view = view_run(database, entry, now)
        except LedgerError as error:
            text = f"{name}  cannot be read: {printable(str(error))}"
            yield Waiting("run", name, text, text, (), (shell_command("journal", "verify"),))
            continue
        if commands := _run_commands(context, view, now):
            text = run_line(view, now)
            yield Waiting("run", name, text, text, (), tuple(commands))


def _run_commands(context: DecisionContext, view: RunView, now: Instant) -> list[str]:
    """Returns the commands that answer a run, none if it waits for nobody."""
    name, state = view.entry.run_id, view.run.state
    if view.is_left:
        return [shell_command("run")]
    if state is RunState.ABORTED:
        return _orders(context, view, "clear", now)
    if view.run.awaits:
        return _orders(context, view, "signoff", now)
    if state is not RunState.HELD:
        return []
    unresolved = [each.action_id for record in view.requests for each in record.unresolved]
    if unresolved:
        return [line for each in unresolved for line in _resolutions(context, each, now)]
    resume = [] if view.run.goal else _orders(context, view, "resume", now)
    abort = _orders(context, view, "abort", now)
    return [*resume, *abort, shell_command("runs", "stop", name)]


def _orders(context: DecisionContext, view: RunView, order: SignedOrder, now: Instant) -> list[str]:
    name = view.entry.run_id
    check = partial(check_order_signer, context, view, order, roles_of(view, None, order))
    return signed_commands(context, ("runs", order, name), check, now)


def _cases(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    """Yields the open cases that no run answers, each candidate where authority lacks apart."""
    for case_id in map(plain, case_ids(context.database)):
        try:
            case = load_case(context.database, case_id)
        except LedgerError as error:
            text = f"{case_id}  cannot be read: {printable(str(error))}"
            yield Waiting("case", case_id, text, text, (), (shell_command("journal", "verify"),))
            continue
        if not case.run_id:
            yield from _undecided(context, case, now)


def _undecided(context: DecisionContext, case: Case, now: Instant) -> Iterator[Waiting]:
    """Yields what would decide a case, or that nobody judges it."""
    since = f"{case.case_id}  since {case.opened_at[11:19]} UTC: {what_is_wrong(case)}"
    if have_agents_stopped(context.database, now):
        text, key = f"{since}; the agents have stopped", f"{case.case_id} agents"
        yield Waiting("case", case.case_id, text, key, (), (shell_command("run"),))
        return
    for each in questions(case):
        text = f"{each.case_id}  {each.line}"
        key = f"{each.case_id} {each.name}"
        yield Waiting("question", each.case_id, text, key, (), tuple(each.commands))
    candidates = candidates_of(case)
    lacking = [each for each in candidates if each.code == "authority"]
    asked = {name for each in lacking for name in each.equipment}
    known = sorted(name for name in asked if not name or name in context.site.equipment)
    if lacking and (missing := missing_authority(context, known, now)):
        details = tuple(each.text for each in missing)
        granting = tuple(each.command for each in missing if each.command)
        names = ", ".join(each.name for each in lacking)
        text = f"{since}; agents may not act by {names}"
        key = f"{case.case_id} {' '.join(details)}"
        yield Waiting("authority", case.case_id, text, key, details, granting)
    others = [each for each in candidates if each not in lacking]
    if others or (case.deviations and not candidates):
        details = tuple(line for each in others for line in each.lines)
        commands = [line for each in others for line in commands_in(each.reason)]
        show = shell_command("cases", "show", case.case_id)
        state = "it waits" if waits(case) else "nothing is asked for"
        key = f"{case.case_id} {' '.join(each.key for each in others)}"
        yield Waiting(
            "case",
            case.case_id,
            f"{since}; {state}{':' if details else ''}",
            key,
            details,
            (*dict.fromkeys(commands), show),
        )


def _open_writes(database: Ledger) -> Iterator[Waiting]:
    for each in open_writes(database):
        request_id = plain(each.action_id.partition("/")[0])
        commands = (shell_command("requests", "show", request_id),)
        yield Waiting(
            "open_write", plain(each.action_id), open_line(each), open_line(each), (), commands
        )


def _lockouts(context: DecisionContext) -> Iterator[Waiting]:
    site = context.site
    for scope in sorted({*locked_scopes(context.database), *read_lockouts(site.state)}):
        text = f"LOCKED OUT: {plain(scope)}"
        known = scope if scope in site.equipment else SITE_SCOPE
        yield Waiting("lockout", plain(scope), text, text, (), (shell_command("release", known),))


def _work_orders(site: Site) -> Iterator[Waiting]:
    if not (site.state / WORKORDERS_FILE).exists():
        return
    try:
        with WorkOrders(site.state) as store:
            orders = store.open_orders()
    except ToolFailed as error:
        text = f"work orders  not known: {printable(str(error))}; {IF_DAMAGED}"
        yield Waiting("work_order", WORKORDERS_FILE, text, text)
        return
    for each in orders:
        text = (
            f"{each.workorder_id}  {each.class_}, priority {each.priority}, {plain(each.asset)}: "
            f"{printable(each.title)}, due {each.due[:10]}"
        )
        name = each.workorder_id
        commands = (
            shell_command("workorders", "show", name),
            shell_command("workorders", "close", name),
        )
        yield Waiting("work_order", name, text, text, (), commands)
