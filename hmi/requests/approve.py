"""Asks an approver about a request: card, typed word, passphrase, signature."""

import shutil
from collections.abc import Callable
from functools import partial

import typer

from handwheel.tools.guardrails.approval.card import Card
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.session import ApprovalSession, check_approvable
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.stamps import instant_now

from ..people.signing import Signer, sign_statement
from ..shell.terminal.panel import has_colour
from ..shell.terminal.prompt import NO_TERMINAL, Answer, confirm
from .card_text import render_card, render_changes

_ANSWER_S = 120.0
_PROMPT_LINES = 2


def ask(
    context: DecisionContext, record: RequestRecord, open_key: Callable[[], Signer]
) -> RequestState | None:
    """Shows the card, asks for word and passphrase, and signs if nothing changed meanwhile.

    Args:
        open_key: Returns the open key, or asks for the passphrase; called each time after the
            word was typed, so that a key that is not open any more signs nothing.

    Returns:
        The request's state then; `None` if the person did not approve.

    Raises:
        GuardrailError: It cannot be approved now, or the signature does not count.
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
        typer.echo(f"\n{changed} while you were reading; look again")


def sign_approval(session: ApprovalSession, signer: Signer) -> RequestState:
    """Signs an approval of the session's card; see `ApprovalSession.approve`."""
    return session.approve(
        signer.operator, partial(sign_statement, session.decision_context.database, signer)
    )


def _is_confirmed(word: str) -> bool:
    try:
        answer = confirm(f'\nType "{word}" to approve, Enter to leave it: ', word, _ANSWER_S)
    except KeyboardInterrupt:
        typer.echo("\nnot approved; nothing was sent, and the request waits on")
        raise
    if answer is Answer.TIMEOUT:
        typer.echo("nobody answered; the request waits on")
    elif answer is Answer.NO:
        typer.echo("not approved; nothing was sent, and the request waits on")
    elif answer is Answer.NO_TERMINAL:
        typer.echo(f"not approved: {NO_TERMINAL}")
        typer.echo("nothing was sent, and the request waits on")
    return answer is Answer.YES


def show_card(card: Card) -> None:
    """Draws a card for this terminal, with the changes once more if it is taller."""
    width, height = shutil.get_terminal_size()
    lines = render_card(card, width, is_coloured=has_colour())
    if card.is_approvable and len(lines) + _PROMPT_LINES > height:
        lines += ["", *render_changes(card, width)]  # what it is about has left the screen
    for line in lines:
        typer.echo(line)
