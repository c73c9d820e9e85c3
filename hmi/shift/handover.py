"""Hands a shift over at one terminal, where both operators sign the summary."""

from collections.abc import Callable

import typer

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.tools.guardrails.approval.shift_handover import (
    HandOverShift,
    ShiftSummary,
    check_shift,
)
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import Signer, sign_subject
from ..shell.cli.field_lines import print_lines
from ..shell.cli.ledger_wait import keep_up
from ..shell.terminal.prompt import NO_TERMINAL, PromptAnswer, ask_text, confirm
from ..shell.terminal.wrap import folded
from .summary import summarize, summary_lines

_ANSWER_S = 300.0
_WORD = "hand over"


class NotHandedOver(HandwheelError):
    """Nothing was recorded."""


def hand_over(
    context: DecisionContext,
    leaving: Operator,
    coming: Operator,
    note: str | None,
    open_key: Callable[[Operator], Signer],
) -> ShiftSummary | None:
    """Shows the summary, asks for confirmation and both passphrases, records and returns it.

    Without a given note it is asked for. A key is opened after each confirmation. Without
    confirmation it returns `None`.

    Raises:
        NotHandedOver: There is no terminal.
        GuardrailError: A person may not sign, or a signature is not valid.
    """
    check_shift(leaving, coming)
    keep_up(context.database)
    summary = summarize(context, leaving.person, coming.person, note, instant_now())
    _show(summary)
    if note is None:
        note = _typed_note()
        summary = summary.model_copy(update={"note": note or None})
    while _is_confirmed():
        try:
            signers = open_key(leaving), open_key(coming)
        except HandwheelError as error:
            raise NotHandedOver(f"{error}; {_again(leaving, coming, note)}") from None
        head = context.database.head()
        if head is not None and head.seq == summary.seq:
            _record(context, summary, *signers)
            return summary
        typer.echo("\nthe journal has new rows since the summary; read it again")
        summary = summarize(context, leaving.person, coming.person, note, instant_now())
        _show(summary)
    typer.echo(f"nothing was handed over; {_again(leaving, coming, note)}")
    return None


def _typed_note() -> str:
    while True:
        note = ask_text("\nNote for the next shift, Enter for none: ", _ANSWER_S) or ""
        fault = reason_fault(note) if note else None
        if fault is None:
            return note
        typer.echo(f"the note {fault}; type it again")


def _again(leaving: Operator, coming: Operator, note: str) -> str:
    """Returns the command that begins again with the note, which took a while to type."""
    noted = ("--note", note) if note else ()
    return next_step("handover", "--to", coming.person, "--as", leaving.person, *noted)


def _record(
    context: DecisionContext, summary: ShiftSummary, leaving: Signer, coming: Signer
) -> None:
    now = instant_now()
    subject, card = summary.subject, summary.digest
    ended = sign_subject(context, leaving, "end-shift", subject, now, card=card)
    taken = sign_subject(context, coming, "take-shift", subject, now, card=card)
    message = HandOverShift(
        site=context.site.id,
        summary=summary,
        leaving=ended,
        coming=taken,
    )
    submit(context, message, now)


def _is_confirmed() -> bool:
    answer = confirm(f'\nType "{_WORD}" to sign, both of you, Enter to cancel: ', _WORD, _ANSWER_S)
    if answer is PromptAnswer.NO_TERMINAL:
        raise NotHandedOver(f"nothing was handed over: {NO_TERMINAL}")
    return answer is PromptAnswer.YES


def _show(summary: ShiftSummary) -> None:
    print_lines(folded(summary_lines(summary)))
