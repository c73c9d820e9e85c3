"""Commands that an operator can type at the console."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

import typer

from handwheel.connectors.model.site import SITE_VARIABLE, Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.session import current_card
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.authority import TakeAuthority, TakenMode, ended_by
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request, load_requests
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.entitlement import check_approver
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.authority_command import check_grantors, duration_of, give_authority
from ..people.lockout import run_lockout, system_user
from ..people.signing import Signer, find_operator, open_context, open_signer, submit_unsigned
from ..requests.approve import ask, card_left_by_ctrl_c
from ..requests.request_view import whole_request
from ..requests.resolve import object_to
from ..shell.cli.command_line import TITLES
from ..shell.cli.field_lines import print_lines
from ..shell.terminal.prompt import ask_text
from ..shell.terminal.wrap import folded
from .changes import ChangeTracker
from .handover import hand_over
from .key_holder import KeyHolder
from .lock_states import ConsoleEvent
from .site_status import read_site_status
from .status_text import INDENT, status_lines

HELP = """\
  list                      list what waits for a person, what stops the gate
  status                    show the site on one page
  open [ID]                 show the card or the outcome of a request
  propose TAG=VALUE… [WHY]  submit a request, which another person approves
  approve [ID]              show the card, confirm it and sign
  reject ID [REASON]        reject a request, signed
  lockout [EQUIPMENT]       stop all writing, to the site or to one equipment
  give EQUIPMENT… TIME      grant agents authority, such as give PUMPS-101 1h
  take EQUIPMENT            take authority from agents; site for all equipment
  handwheel …               run any command of handwheel for this site
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
    database: Ledger
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
    proposer: Signer | None = None  # who signs what is proposed here; `None` for the person here
    reason: str = ""  # of what is proposed without one; asked for if empty


NO_ADDITIONS = Additions(
    {}, "", lambda console: [], lambda site, operator: open_signer(site, operator, None)
)
"""Additions of a console beside which nothing runs."""


def run_typed(console: ConsoleContext, line: str) -> None:
    """Runs a typed line, if it is not empty. Raises `HandwheelError` if the command failed."""
    word, _, rest = line.strip().partition(" ")
    if not (word := _LETTERS.get(word.lower(), word.lower())):
        return
    command = console.additions.commands.get(word) or _COMMANDS.get(word)
    if command is None:
        close = get_close_matches(word, [*console.additions.commands, *_COMMANDS], 1)
        near = f", did you mean {close[0]}?" if close else ""
        meant = f", but 'handwheel {word}'" if word in TITLES else near
        raise InvalidArguments(f"there is no command {word!a}{meant}; help lists the commands")
    command(console, rest.strip())


def _open(console: ConsoleContext, rest: str) -> None:
    with open_context(console.site) as context:
        record, now = _record(context, rest), instant_now()
        card = current_card(context, record, now) if record.state in WAITING_REQUESTS else None
        print_lines(whole_request(context, record, card, now))


def _approve(console: ConsoleContext, rest: str) -> None:
    console.holder.signer()  # fails before the card is shown
    with open_context(console.site) as context:
        record, now = _record(context, rest), instant_now()
        check_open("approve", record, now)
        check_approver(context, record, find_operator(context, console.holder.person), now)
        with card_left_by_ctrl_c():
            if ask(context, record, console.holder.signer) is RequestState.PARTIAL:
                typer.echo("signed; another person must also sign")


def _propose(console: ConsoleContext, rest: str) -> None:
    from ..requests.propose import propose_writes

    words = split_words(rest)
    assignments = [each for each in words if "=" in each]
    if not assignments:
        raise InvalidArguments("name the tag and its value: propose P-101B.run_cmd=true")
    signer = console.additions.proposer or console.holder.signer()
    reason = " ".join(each for each in words if "=" not in each)
    if reason := _reason(reason or console.additions.reason, "submitted"):
        with open_context(console.site) as context:
            asyncio.run(propose_writes(context, assignments, reason, lambda: signer))


def _give(console: ConsoleContext, rest: str) -> None:
    signer = console.holder.signer()
    *equipment, lasts = rest.split() or [""]
    if not equipment:
        raise InvalidArguments("name the equipment and the time: give PUMPS-101 1h")
    with open_context(console.site) as context:
        person = find_operator(context, console.holder.person)
        check_grantors(context, equipment, person)
        give_authority(context, equipment, duration_of(lasts), lambda: signer)


def _status(console: ConsoleContext, rest: str) -> None:
    status = asyncio.run(read_site_status(console.site, console.database))
    print_lines(folded(status_lines(status), INDENT))


def split_words(text: str) -> list[str]:
    """Returns words, of which a quoted one may have spaces. Raises `InvalidArguments`."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidArguments(f"{text!a}: {error}") from None


def _reason(given: str, done: str) -> str:
    """Returns a reason that is given or asked for, or an empty string if there is none."""
    reason = given.strip() or ask_text("Reason, Enter to cancel: ", _ANSWER_S) or ""
    if not reason:
        typer.echo(f"not {done}; nothing was changed")
    elif fault := reason_fault(reason):
        raise InvalidArguments(f"not {done}: the reason {fault}")
    return reason


def _reject(console: ConsoleContext, rest: str) -> None:
    console.holder.signer()
    name, _, reason = rest.partition(" ")
    with open_context(console.site) as context:
        record = _record(context, name)
        check_open("reject", record, instant_now())
        if not (reason := _reason(reason, "rejected")):
            return
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
    is_here = console.holder.holds_key
    message = TakeAuthority(
        site=console.site.id,
        equipment=equipment,
        mode=taken,
        person=console.holder.person if is_here else system_user(),
        by="seat" if is_here else "user",
    )
    rows = submit_unsigned(console.site, console.database, message, instant_now())
    typer.echo(f"taken: {equipment} is {taken}")
    for name in ended_by(rows):
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
    if name:
        return load_request(context.database, name)
    waiting = load_requests(context.database, WAITING_REQUESTS)
    if len(waiting) != 1:
        ids = ", ".join(each.request.request_id for each in waiting) or "none"
        raise InvalidArguments(f"name the request by its id or first characters; waiting: {ids}")
    return waiting[0]


def _run_command(console: ConsoleContext, rest: str) -> None:
    command = [sys.executable, "-m", "handwheel.hmi", *split_words(rest)]
    here = os.environ | {SITE_VARIABLE: str(console.site.root)}
    with _spared_by_ctrl_c():
        subprocess.run(command, check=False, env=here)  # noqa: S603 (what a person typed, without a shell)


@contextmanager
def _spared_by_ctrl_c() -> Generator[None]:
    """Leaves Ctrl-C to the command that runs in the terminal."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_COMMANDS: Mapping[str, Command] = {
    "list": lambda console, rest: print_lines(folded(console.changes.overview(instant_now()))),
    "status": _status,
    "open": _open,
    "propose": _propose,
    "approve": _approve,
    "reject": _reject,
    "lockout": _lock_out,
    "give": _give,
    "take": _take,
    "handover": _hand_over,
    "handwheel": _run_command,
    "lock": lambda console, rest: console.holder.handle(ConsoleEvent.LOCK_ASKED),
    "quit": lambda console, rest: console.holder.handle(ConsoleEvent.QUIT),
    "help": lambda console, rest: typer.echo(f"{console.additions.help}{HELP}"),
}
