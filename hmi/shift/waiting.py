"""List of everything at a site that waits for a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from handwheel.agents.abstention import Abstention, OpenCondition, read_abstentions
from handwheel.connectors.hints import NEXT, shell_command
from handwheel.connectors.model.site import SITE_SCOPE, Site
from handwheel.playbooks.engine.states import INACTIVE, RunState
from handwheel.tools.conditions.condition_text import TRUTH_TEXT
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import SignedOrder
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import read_lockouts
from handwheel.tools.guardrails.ledger.listing import list_now
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.administrators import locked_out
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.entitlement import check_resolver
from handwheel.tools.guardrails.signatures.resolutions import all_unresolved
from handwheel.tools.maintenance.work_order_database import WORKORDERS_FILE, WorkOrders
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable

from ..people.signer_choice import next_approvals, signed_commands
from ..requests.request_text import request_line
from ..requests.write_followup import open_line
from ..runs.orders import check_order_signer, roles_of
from ..runs.run_screen import run_line
from ..runs.run_view import RunView, view_run
from .missing_authority import missing_authority

Kind = Literal[
    "request", "run", "outcome", "open_write", "authority", "abstention", "lockout", "work_order",
]  # fmt: skip
NOTHING = "nothing waits for a person"

_LONG = 600  # characters of a line


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


def waiting_for_people(site: Site, database: Database, now: Instant) -> list[Waiting]:
    """Returns everything that waits for a person, the most urgent kind first.

    Requests with too little time left end first, as in every list.

    Raises:
        ConfigError: The policy or the operators cannot be read.
        LedgerError: The ledger cannot be read.
        ToolFailed: The work orders cannot be read.
    """
    context = DecisionContext(site, database, load_policy(site), load_roster(site))
    return [
        *_requests(context, now),
        *_outcomes(context, now),
        *_runs(context, now),
        *_abstentions(context, now),
        *_open_writes(database),
        *_lockouts(context),
        *_work_orders(site),
    ]


def _requests(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    damaged: dict[str, str] = {}
    for each in list_now(context.database, damaged.__setitem__, now, every=False):
        if each.state in WAITING_REQUESTS:
            name = each.request_id
            found = next_approvals(context, load_exactly(context.database, name), now)
            commands = tuple(line.removeprefix(NEXT) for line in found)
            key = f"{name} {each.state}"
            yield Waiting("request", name, request_line(each, now), key, (), commands)
    for name, fault in damaged.items():
        text = f"{plain(name)}  cannot be read: {printable(fault)}"
        yield Waiting("request", plain(name), text, text, (), (shell_command("journal", "verify"),))


def _outcomes(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    for each in all_unresolved(context.site, context.database, context.policy):
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
    if view.recorded not in INACTIVE and state is RunState.HELD:
        return [shell_command("run")]  # its agents have ended
    if state is RunState.ABORTED:
        return _orders(context, view, "clear", now)
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
    check = partial(check_order_signer, context, name, order, roles_of(view, None))
    return signed_commands(context, ("runs", order, name), check, now)


def _abstentions(context: DecisionContext, now: Instant) -> Iterator[Waiting]:
    for each in read_abstentions(context.site.state, context.database, now):
        roles = ", ".join(map(plain, each.roles.values()))
        name = f"{plain(each.playbook)} ({roles})" if roles else plain(each.playbook)
        condition = printable(each.condition, _LONG)
        due = f"{name} is due since {each.since[11:19]} UTC{f': {condition}' if condition else ''}"
        if each.code == "authority":
            yield from _lacks_authority(context, each, name, due, now)
        else:
            yield _abstention(each, name, due)


def _lacks_authority(
    context: DecisionContext, each: Abstention, name: str, due: str, now: Instant
) -> Iterator[Waiting]:
    """Yields a playbook that is due where agents have no authority, unless it was granted since."""
    known = [name for name in each.equipment if not name or name in context.site.equipment]
    if missing := missing_authority(context, known, now):
        details = tuple(found.text for found in missing)
        commands = tuple(found.command for found in missing if found.command)
        key = f"{name} {' '.join(details)}"
        text = f"{due}; agents may not act on it"
        yield Waiting("authority", name, text, key, details, commands)


def _abstention(each: Abstention, name: str, due: str) -> Waiting:
    reason, commands = _without_commands(each.reason)
    details = tuple(map(_condition_line, each.conditions))
    why = f"; it does not start: {printable(reason, _LONG)}" if not details else ""
    states = " ".join(f"{open_.id} {open_.truth}" for open_ in each.conditions)
    return Waiting(
        "abstention", name, f"{due}{why or '; it does not start, and these would decide:'}",
        f"{name} {each.code} {states or printable(reason)}", details,
        commands,
    )  # fmt: skip


def _without_commands(reason: str) -> tuple[str, tuple[str, ...]]:
    """Returns a reason and the commands that its parts end with, which may be several."""
    parts = reason.split("; ")
    own = f"{NEXT}handwheel "
    commands = tuple(printable(p.removeprefix(NEXT)) for p in parts if p.startswith(own))
    return "; ".join(p for p in parts if not p.startswith(own)), commands


def _condition_line(condition: OpenCondition) -> str:
    truth = TRUTH_TEXT.get(condition.truth, plain(condition.truth))
    name = f"{plain(condition.id)} ({plain(condition.side)})"
    return f"{name} is {truth}: {printable(condition.shown, _LONG)}"


def _open_writes(database: Database) -> Iterator[Waiting]:
    for each in open_writes(database):
        request_id = plain(each.action_id.partition("/")[0])
        commands = (shell_command("requests", "show", request_id),)
        yield Waiting(
            "open_write", plain(each.action_id), open_line(each), open_line(each), (), commands
        )


def _lockouts(context: DecisionContext) -> Iterator[Waiting]:
    site = context.site
    for scope in sorted({*locked_out(site, context.database), *read_lockouts(site.state)}):
        text = f"LOCKED OUT: {plain(scope)}"
        known = scope if scope in site.equipment else SITE_SCOPE
        yield Waiting("lockout", plain(scope), text, text, (), (shell_command("release", known),))


def _work_orders(site: Site) -> Iterator[Waiting]:
    if not (site.state / WORKORDERS_FILE).exists():
        return
    with WorkOrders(site.state) as store:
        orders = store.open_orders()
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


def waiting_lines(found: Sequence[Waiting]) -> list[str]:
    """Returns the list as lines, or that nothing waits."""
    return [line for each in found for line in each.lines] or [NOTHING]
