"""Commands that an operator can type at the console."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.session import current_card
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.authority import TakenBy, TakenMode, take_authority
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.entitlement import check_approver
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.lockout import run_lockout, system_user
from ..people.signer_choice import find_operator
from ..people.signing import Signer, open_context, open_signer
from ..requests.approve import ask
from ..requests.reject import object_to
from ..requests.request_view import whole_request
from ..shell.terminal.prompt import ask_text
from ..shell.terminal.wrap import fold
from .changes import ChangeTracker
from .handover import hand_over
from .key_holder import KeyHolder
from .lock_states import ConsoleEvent

HELP = """\
  list                      list what waits for a person, and what stops the gate
  open ID                   show the card or the outcome of a request
  approve ID                show the card, confirm it and sign
  reject ID [REASON]        reject a request, signed
  lockout [EQUIPMENT]       stop all writing, to the site or to one equipment
  take EQUIPMENT            take authority from agents; site for all equipment
  lock                      lock the console; Enter asks for the passphrase
  handover NAME             hand the shift over, signed by both operators
  quit                      end the console
Short forms: o, a, r, t and l for open, approve, reject, take and list."""
_ANSWER_S = 120.0
_LETTERS: Mapping[str, str] = {
    "o": "open", "a": "approve", "r": "reject", "t": "take", "l": "list", "?": "help",
    "exit": "quit",
}  # fmt: skip
_MODES: Mapping[str, TakenMode] = {
    "": "OPERATOR", "operator": "OPERATOR", "local": "LOCAL", "maintenance": "MAINTENANCE",
}  # fmt: skip


@dataclass(slots=True)
class ConsoleContext:
    """Site, ledger and session of a console."""

    site: Site  # replaced when its files were read again
    database: Database
    holder: KeyHolder
    changes: ChangeTracker
    additions: "Additions"

    def unlock(self) -> None:
        """Unlocks the console. Raises as `KeyHolder.unlock` does."""
        self.holder.unlock(lambda operator: self.additions.open_signer(self.site, operator))

    def news(self) -> list[str]:
        """Returns lines about what runs beside the console, since the last call."""
        return self.additions.news(self)


Command = Callable[[ConsoleContext, str], None]
"""Runs a typed command with the text after its word."""


@dataclass(frozen=True, slots=True)
class Additions:
    """Commands and news of a console beside its own."""

    commands: Mapping[str, Command]
    help: str
    news: Callable[[ConsoleContext], list[str]]
    open_signer: Callable[[Site, Operator], Signer]


NO_ADDITIONS = Additions(
    {}, "", lambda console: [], lambda site, operator: open_signer(site, operator, None)
)
"""Additions of a console beside which nothing runs."""


def run_typed(console: ConsoleContext, line: str) -> None:
    """Runs a typed line, if it is not empty. Raises `HandwheelError` if the command failed."""
    word, _, rest = line.strip().partition(" ")
    word = _LETTERS.get(word.lower(), word.lower())
    if not word:
        return
    command = console.additions.commands.get(word) or _COMMANDS.get(word)
    if command is None:
        raise InvalidArguments(f"there is no command {word!a}; help lists the commands")
    command(console, rest.strip())


def _list(console: ConsoleContext, rest: str) -> None:
    for line in console.changes.overview(instant_now()):
        typer.echo(fold(line, 4))


def _open(console: ConsoleContext, rest: str) -> None:
    with open_context(console.site) as context:
        record, now = _record(context, rest), instant_now()
        card = current_card(context, record, now) if record.state in WAITING_REQUESTS else None
        for line in whole_request(context, record, card, now):
            typer.echo(line)


def _approve(console: ConsoleContext, rest: str) -> None:
    console.holder.signer()  # fails before the card is shown
    with open_context(console.site) as context:
        record, now = _record(context, rest), instant_now()
        check_open("approve", record, now)
        check_approver(context, record, find_operator(context, console.holder.person), now)
        state = ask(context, record, console.holder.signer)
        if state is RequestState.PARTIAL:
            typer.echo("signed; another person must also sign")


def _reject(console: ConsoleContext, rest: str) -> None:
    console.holder.signer()
    name, _, reason = rest.partition(" ")
    with open_context(console.site) as context:
        record = _record(context, name)
        check_open("reject", record, instant_now())
        reason = reason.strip() or ask_text("Reason, Enter to cancel: ", _ANSWER_S) or ""
        if not reason:
            typer.echo("not rejected; nothing was changed")
            return
        if fault := reason_fault(reason):
            raise InvalidArguments(f"not rejected: the reason {fault}")
        person = find_operator(context, console.holder.person)
        object_to(context, record, "reject", reason, person, console.holder.signer)


def _lock_out(console: ConsoleContext, rest: str) -> None:
    run_lockout([f"--site={console.site.root}", *filter(None, [rest])])


def _take(console: ConsoleContext, rest: str) -> None:
    equipment, _, mode = rest.partition(" ")
    taken = _MODES.get(mode.strip().lower())
    if not equipment or taken is None:
        raise InvalidArguments("name the equipment: take EQUIPMENT [local|maintenance]")
    console.holder.check()
    # At a locked console it may be any person, so the system user is recorded.
    by: TakenBy = "seat" if console.holder.holds_key else "user"
    who = console.holder.person if by == "seat" else system_user()
    ended = take_authority(
        console.database, console.site, equipment, taken, who, instant_now(), by=by
    )
    typer.echo(f"taken: {equipment} is {taken}")
    for name in ended:
        typer.echo(f"ended: {name}")


def _hand_over(console: ConsoleContext, rest: str) -> None:
    console.holder.signer()
    if not rest:
        raise InvalidArguments("name the next operator: handover NAME")
    opened: dict[str, Signer] = {}
    with open_context(console.site) as context:
        coming = find_operator(context, rest)

        def open_key(operator: Operator) -> Signer:
            if operator.person == console.holder.person:
                return console.holder.signer()
            if operator.person not in opened:
                opened[operator.person] = open_signer(console.site, operator, None)
            return opened[operator.person]

        summary = hand_over(
            context, find_operator(context, console.holder.person), coming, None, open_key
        )
    if summary is not None:
        console.holder.handle(ConsoleEvent.HANDED_OVER)
        typer.echo(f"handed over: {summary.subject}")


def _record(context: DecisionContext, name: str) -> RequestRecord:
    if not name:
        raise InvalidArguments("name the request by its id or first characters")
    sweep(context.database, instant_now())
    return load_request(context.database, name)


_COMMANDS: Mapping[str, Command] = {
    "list": _list,
    "open": _open,
    "approve": _approve,
    "reject": _reject,
    "lockout": _lock_out,
    "take": _take,
    "handover": _hand_over,
    "lock": lambda console, rest: console.holder.handle(ConsoleEvent.LOCK_ASKED),
    "quit": lambda console, rest: console.holder.handle(ConsoleEvent.QUIT),
    "help": lambda console, rest: typer.echo(f"{console.additions.help}{HELP}"),
}
