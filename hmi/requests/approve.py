"""Shows an approver the card, and asks for confirmation and passphrase."""

import shutil
from collections.abc import Callable
from functools import partial

import typer

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.session import ApprovalSession, check_approvable
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import Signer, sign_statement
from ..shell.terminal.panel import has_colour
from ..shell.terminal.prompt import NO_TERMINAL, PromptAnswer, confirm
from .card_text import render_card, render_changes

_ANSWER_S = 120.0
_PROMPT_LINES = 2
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
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    check_open("approve", record, instant_now())
    session = ApprovalSession.settled(context, record)
    while True:
        show_card(session.card)
        check_approvable(session.card)
        if not _is_confirmed(session.expected_word):
            return None
        session.check_open()
        signer = open_key()
        session.check_open()
        changed = session.look_again()
        if not changed:
            return sign_approval(session, signer)
        del signer  # the key may be locked before the next confirmation
        typer.echo(f"\n{changed} while you were reading; read the card again")


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


def _is_confirmed(word: str) -> bool:
    try:
        answer = confirm(f'\nType "{word}" to approve, Enter to cancel: ', word, _ANSWER_S)
    except KeyboardInterrupt:
        typer.echo(f"\nnot approved; {_NOTHING_SENT}")
        raise
    if answer is PromptAnswer.TIMEOUT:
        typer.echo(f"no answer within {format_duration(_ANSWER_S)}; {_NOTHING_SENT}")
    elif answer is PromptAnswer.NO:
        typer.echo(f"not approved; {_NOTHING_SENT}")
    elif answer is PromptAnswer.NO_TERMINAL:
        typer.echo(f"not approved: {NO_TERMINAL}")
        typer.echo(_NOTHING_SENT)
    return answer is PromptAnswer.YES


def show_card(card: Card) -> None:
    """Draws a card for this terminal, and repeats the changes below a tall card."""
    width, height = shutil.get_terminal_size()
    lines = render_card(card, width, is_coloured=has_colour())
    if card.is_approvable and len(lines) + _PROMPT_LINES > height:
        lines += ["", *render_changes(card, width)]  # the changes have scrolled off the screen
    for line in lines:
        typer.echo(line)
