"""What an operator can type at their desk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.authority import TakenBy, TakenMode, take_over
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.guardrails.signatures.context import Bench
from handwheel.tools.guardrails.signatures.entitlement import check_approver
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.stamps import instant_now

from ..people.lockout import run_lockout
from ..people.signing import Signer, find_person, open_bench, open_signer
from ..requests.approve import ask, look
from ..requests.reject import object_to
from ..requests.request_view import whole_request
from ..runs.orders import os_user
from ..shell.terminal.prompt import ask_text
from ..shell.terminal.wrap import fold
from .changes import DeskBoard
from .handover import hand_over
from .key_holder import KeyHolder
from .lock_states import SeatEvent

HELP = """\
  list                      what waits or is under way
  open ID                   the card of a request, or what became of it
  approve ID                look at it, type the word, sign
  reject ID [REASON]        say no, signed
  lockout [EQUIPMENT]       stop all writing, or that to one piece of equipment
  take EQUIPMENT            take it over from agents, or site for all of it
  lock                      drop the key; the passphrase is asked for again
  handover NAME             hand the shift over, signed by both
  quit                      end
o, a, r, t and l are the first letters of open, approve, reject, take and list."""
_ANSWER_S = 120.0
_LETTERS: Mapping[str, str] = {
    "o": "open", "a": "approve", "r": "reject", "t": "take", "l": "list", "?": "help",
    "exit": "quit",
}  # fmt: skip
_MODES: Mapping[str, TakenMode] = {
    "": "OPERATOR", "operator": "OPERATOR", "local": "LOCAL", "maintenance": "MAINTENANCE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeskTools:
    """What the commands work with."""

    site: Site
    database: Database
    holder: KeyHolder
    board: DeskBoard


def run_typed(tools: DeskTools, line: str) -> None:
    """Does what a line says; an empty one nothing.

    Raises:
        HandwheelError: It was not done, and why.
    """
    word, _, rest = line.strip().partition(" ")
    word = _LETTERS.get(word.lower(), word.lower())
    if not word:
        return
    command = _COMMANDS.get(word)
    if command is None:
        raise InvalidArguments(f"there is no {word!a} here; help lists what there is")
    command(tools, rest.strip())


def _list(tools: DeskTools, rest: str) -> None:
    for line in tools.board.whole(instant_now()):
        typer.echo(fold(line, 4))


def _open(tools: DeskTools, rest: str) -> None:
    with open_bench(tools.site) as bench:
        record, now = _record(bench, rest), instant_now()
        card = look(bench, record, now) if record.state in WAITING_REQUESTS else None
        for line in whole_request(bench, record, card, now):
            typer.echo(line)


def _approve(tools: DeskTools, rest: str) -> None:
    tools.holder.signer()  # before anybody reads a card for nothing
    with open_bench(tools.site) as bench:
        record, now = _record(bench, rest), instant_now()
        check_open("approve", record, now)
        check_approver(bench, record, _person(tools, bench), now)
        state = ask(bench, record, tools.holder.signer)
        if state is RequestState.PARTIAL:
            typer.echo("signed; another person must sign as well")


def _reject(tools: DeskTools, rest: str) -> None:
    tools.holder.signer()
    name, _, reason = rest.partition(" ")
    with open_bench(tools.site) as bench:
        record = _record(bench, name)
        check_open("reject", record, instant_now())
        reason = reason.strip() or ask_text("Why? Enter to leave it: ", _ANSWER_S) or ""
        if not reason:
            typer.echo("not rejected; nothing was changed")
            return
        if fault := reason_fault(reason):
            raise InvalidArguments(f"not rejected: the reason {fault}")
        person = _person(tools, bench)
        object_to(bench, record, "reject", reason, person, tools.holder.signer)


def _lock_out(tools: DeskTools, rest: str) -> None:
    run_lockout([f"--site={tools.site.root}", *filter(None, [rest])])


def _take(tools: DeskTools, rest: str) -> None:
    equipment, _, mode = rest.partition(" ")
    taken = _MODES.get(mode.strip().lower())
    if not equipment or taken is None:
        raise InvalidArguments("say what to take: take EQUIPMENT [local|maintenance]")
    tools.holder.look()
    # At a seat that is locked anybody may sit.
    by: TakenBy = "seat" if tools.holder.holds_key else "user"
    who = tools.holder.person if by == "seat" else os_user()
    ended = take_over(tools.database, tools.site, equipment, taken, who, instant_now(), by=by)
    typer.echo(f"taken over: {equipment} is {taken}")
    for name in ended:
        typer.echo(f"ended: {name}")


def _hand_over(tools: DeskTools, rest: str) -> None:
    tools.holder.signer()
    if not rest:
        raise InvalidArguments("say to whom: handover NAME")
    opened: dict[str, Signer] = {}
    with open_bench(tools.site) as bench:
        now = instant_now().wall
        coming = find_person(tools.site, bench.roster, rest, now, administrator=False)

        def open_key(operator: Operator) -> Signer:
            if operator.person == tools.holder.person:
                return tools.holder.signer()
            if operator.person not in opened:
                opened[operator.person] = open_signer(tools.site, operator, None)
            return opened[operator.person]

        summary = hand_over(bench, _person(tools, bench), coming, None, open_key)
    if summary is not None:
        tools.holder.tell(SeatEvent.HANDED_OVER)
        typer.echo(f"handed over: {summary.subject}")


def _person(tools: DeskTools, bench: Bench) -> Operator:
    now = instant_now().wall
    return find_person(tools.site, bench.roster, tools.holder.person, now, administrator=False)


def _record(bench: Bench, name: str) -> RequestRecord:
    if not name:
        raise InvalidArguments("say which: the request's id, or its beginning")
    sweep(bench.database, instant_now())
    return load_request(bench.database, name)


_COMMANDS: Mapping[str, Callable[[DeskTools, str], None]] = {
    "list": _list,
    "open": _open,
    "approve": _approve,
    "reject": _reject,
    "lockout": _lock_out,
    "take": _take,
    "handover": _hand_over,
    "lock": lambda tools, rest: tools.holder.tell(SeatEvent.LOCK_ASKED),
    "quit": lambda tools, rest: tools.holder.tell(SeatEvent.QUIT),
    "help": lambda tools, rest: typer.echo(HELP),
}
