"""Shows an approver the card, asks for confirmation and passphrase, and follows the request."""

import shutil
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import typer

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.playbooks.engine.states import INACTIVE, RunState
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import LedgerError, NoGate, PermitRefused
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import ApprovalSession, check_approvable
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import OPEN_REQUESTS, ActionState, RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import Signer, sign_statement
from ..shell.cli.field_lines import print_lines
from ..shell.cli.ledger_wait import keep_up, wait_for_change
from ..shell.terminal.panel import has_colour
from ..shell.terminal.prompt import NO_TERMINAL, PromptAnswer, ask_text, confirm
from ..shell.terminal.wrap import fold
from .assessment.background import BackgroundAssessment, assessed_beside
from .cards.card_text import render_card
from .cards.live_card import QUESTION, LiveCard, history_lines
from .request_text import action_line, stuck_action, stuck_text
from .resolve import object_to
from .write_followup import lease_text

_ANSWER_S = 300.0
_NOTHING_SENT = "nothing was sent, and the request still waits for approval"


def ask(
    context: DecisionContext, record: RequestRecord, open_key: Callable[[], Signer]
) -> RequestState | None:
    """Shows the card, asks for word and passphrase, and signs if nothing changed meanwhile.

    Args:
        open_key: Returns the open key, or asks for the passphrase; called after each confirmation,
            so that a key that has been locked signs nothing.

    Returns:
        The new state of the request; `None` if the person did not approve.

    Raises:
        GuardrailError: It cannot be approved now, or the signature is not valid.
        NoGate: No gate runs.
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    check_open("approve", record, instant_now())
    if read_snapshot(context.database) is None:
        raise NoGate("nothing can be approved")
    keep_up(context.database)
    session, message = ApprovalSession.settled(context, record), ""
    while True:
        with assessed_beside(context.site, record.request.request_id) as beside:
            answer, screen = _answer(session, message, beside)
        if answer is PromptAnswer.REJECT and (state := _reject(context, record, open_key)):
            return state
        if answer is PromptAnswer.YES:
            session.check_open()
            signer = open_key()
            session.check_open()
            screen.change = session.look_again()
            if not screen.change:
                return sign_approval(session, signer)
            del signer  # the key may be locked before the next confirmation
        elif answer not in {PromptAnswer.CHANGED, PromptAnswer.REJECT}:
            _tell(answer)
            return None
        session.check_open()
        session.settle()
        message = f"Changed while you were reading: {screen.change}" if screen.change else ""


class CardLeft(KeyboardInterrupt):
    """Ctrl-C at a card of a console, which leaves the card and not the console."""


@contextmanager
def card_left_by_ctrl_c() -> Generator[None]:
    """Lets Ctrl-C leave a card. Other signals end the process as before."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise CardLeft if number == signal.SIGINT else KeyboardInterrupt

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    except CardLeft:
        pass
    finally:
        signal.signal(signal.SIGINT, before)


def _answer(
    session: ApprovalSession, message: str, beside: BackgroundAssessment
) -> tuple[PromptAnswer, LiveCard]:
    context = session.decision_context
    screen = LiveCard(
        session,
        lambda: history_lines(context.database, session.record, instant_now()),
        beside.latest,
    )
    if not session.card.is_approvable:
        show_card(session.card)
        check_approvable(session.card)
    screen.draw(message)
    try:
        return confirm(QUESTION, session.expected_word, _ANSWER_S, screen), screen
    except KeyboardInterrupt:
        typer.echo(f"\nnot approved; {_NOTHING_SENT}")
        raise


def _tell(answer: PromptAnswer) -> None:
    if answer is PromptAnswer.TIMEOUT:
        typer.echo(f"no answer within {format_duration(_ANSWER_S)}; {_NOTHING_SENT}")
    elif answer is PromptAnswer.NO_TERMINAL:
        typer.echo(f"not approved: {NO_TERMINAL}")
        typer.echo(_NOTHING_SENT)
    else:
        typer.echo(f"not approved; {_NOTHING_SENT}")


def _reject(
    context: DecisionContext, record: RequestRecord, open_key: Callable[[], Signer]
) -> RequestState | None:
    """Asks for a reason and signs a rejection with it. Returns `None` without a reason."""
    reason = ask_text("Reason, Enter to go back: ", _ANSWER_S) or ""
    if fault := reason_fault(reason) if reason else None:
        typer.echo(f"not rejected: the reason {fault}")
    if not reason or fault:
        return None
    signer = open_key()
    return object_to(context, record, "reject", reason, signer.operator, lambda: signer)


def check_digest(record: RequestRecord, digest: str) -> None:
    """Refuses a digest that is not the request's. Raises `PermitRefused`."""
    if digest.lower() != record.digest:
        name = record.request.request_id
        step = next_step("requests", "show", name)
        raise PermitRefused(f"{name} has another digest, so nothing is approved; {step}")


def sign_approval(session: ApprovalSession, signer: Signer) -> RequestState:
    """Signs an approval of the session's card."""
    return session.approve(
        signer.operator, partial(sign_statement, session.decision_context.database, signer)
    )


def show_card(card: Card) -> None:
    """Draws a card for this terminal."""
    print_lines(render_card(card, shutil.get_terminal_size().columns, is_coloured=has_colour()))


_POLL_S = 0.2
_DONE = frozenset({ActionState.VERIFIED, ActionState.SKIPPED})


def follow(database: Ledger, request_id: str) -> bool:
    """Prints each change of a request until it has ended or is held for a person.

    Ctrl-C ends the printing, not the approval. A missing gate is reported once, and the printing
    continues. Returns whether every command is verified.
    """
    printed: dict[str, ActionState] = {}
    is_warned = False
    while True:
        record = load_request(database, request_id)
        for each in record.actions:
            if each.state is not ActionState.PLANNED and printed.get(each.action_id) != each.state:
                printed[each.action_id] = each.state
                _print(action_line(each))
        if is_complete(database, record):
            now = instant_now()
            lease = lease_text(database, record, read_snapshot(database), now)
            status: tuple[str, ...] = record.status
            if record.request.run and is_done(record) and record.state in OPEN_REQUESTS:
                status = ("every command is verified",)  # it stays open with the run
            words = (record.request.request_id, *status, lease)
            _print("  ".join(filter(None, words)))
            _print_run(database, record)
            return is_done(record)
        is_warned = is_warned or _warn_of_no_gate(database, record)
        wait_for_change(database, _POLL_S)


def _print(line: str) -> None:
    typer.echo(fold(line))


def _warn_of_no_gate(database: Ledger, record: RequestRecord) -> bool:
    """Prints the action that waits for a gate, and returns whether there is one."""
    action = stuck_action(record.actions)
    if action is None:
        return False
    try:
        if read_snapshot(database) is not None:
            return False
        words = stuck_text(action)
    except LedgerError as error:
        words = str(error)
    _print(f"{action.action_id}  {action.state}  {words}")
    return True


def is_complete(database: Ledger, record: RequestRecord) -> bool:
    """Returns whether the request has ended, is done, or is in its lease."""
    if record.request.run:
        return is_over(record) or is_done_for_a_run(database, record)
    in_lease = record.request.lease is not None and is_done(record)
    return is_over(record) or (in_lease and record.state is RequestState.APPROVED)


def is_over(record: RequestRecord) -> bool:
    """Returns whether nothing more happens to it unless a person acts."""
    is_open = record.state in OPEN_REQUESTS
    return not _is_moving(record) and (bool(record.unresolved) or not is_open)


def is_done_for_a_run(database: Ledger, record: RequestRecord) -> bool:
    """Returns whether a run's request is done, although it stays open with the run.

    It is done if every command is verified, if the run has stopped, or if no process works on it.
    """
    run = record.request.run
    if run is None or _is_moving(record):
        return False
    if is_done(record) or have_agents_stopped(database, instant_now()):
        return True
    return load_run(database, run.run_id).state in INACTIVE


def _is_moving(record: RequestRecord) -> bool:
    return any(each.state in {ActionState.CLAIMED, ActionState.SENDING} for each in record.actions)


def _print_run(database: Ledger, record: RequestRecord) -> None:
    if record.request.run is None:
        return
    run_id, latest = record.request.run.run_id, (record.request.request_id,)
    run = load_run(database, run_id)
    more = ""
    if have_agents_stopped(database, instant_now()):
        more = f"; no process works on it; {next_step('run')}"
    elif run.state is RunState.WAITING_APPROVAL and run.requests[-1:] == latest:
        more = "; it hears of the decision with its next scan"
    elif is_done(record) and run.state not in INACTIVE:
        more = "; it continues and may submit another request"
    _print(f"run {run_id} is {run.state}{more}")
    _print(next_step("runs", "show", run_id))


def is_done(record: RequestRecord) -> bool:
    """Returns whether every command is verified or was so already."""
    names = {each.action_id for each in record.request.commands}
    return all(each.state in _DONE for each in record.actions if each.action_id in names)
