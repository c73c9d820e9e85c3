"""Draws the outcome of a write, and a request that is decided."""

from collections.abc import Sequence

from handwheel.tools.guardrails.approval.cards.card_model import CardFrame, CardSigner
from handwheel.tools.guardrails.approval.cards.outcome_card import Outcome
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.requests.request import Action
from handwheel.tools.safe_text import plain, printable, quoted

from ..shell.terminal.panel import WIDEST, Part, Row, draw_part, fitting_width, headline
from .cards.card_details import device_text, wire_rows

_WHOLE = 24_000


def render_outcome(outcome: Outcome, width: int = WIDEST) -> list[str]:
    """Returns what is known of a write as lines, with its state last.

    No line says that it was sent, because the person must find that out at the plant.
    """
    width = fitting_width(width)
    name = outcome.action_id.rpartition("/")[2]
    value = f"{outcome.after} {outcome.unit}".rstrip()
    parts = (
        Part("the write", [Row(["", f"{outcome.tag} = {value}"])]),
        Part("frame", wire_rows(outcome.frame, name, width)),
        Part("device", [Row(["", device_text(outcome.frame)])]),
        Part("intent at", [Row(["", _intent_at(outcome)])]),
        Part("read back", [Row(["", outcome.found or "nothing was read"])]),
        Part("reads now", [_reads_now(outcome)]),
    )
    lines = [headline(f"{outcome.action_id}  {outcome.equipment}", outcome.site, width), ""]
    lines += (line for part in parts for line in draw_part(part, width, is_coloured=False))
    return [*lines, "━" * width, f"{outcome.action_id}  {outcome.state}  {outcome.reason}"]


def _intent_at(outcome: Outcome) -> str:
    if outcome.sent_at is None:
        return "no intent was recorded"
    return f"{outcome.sent_at[:10]} {outcome.sent_at[11:19]} UTC"


def _reads_now(outcome: Outcome) -> Row:
    reading = outcome.reading
    age = "" if reading.age_s is None else f"{reading.age_s:.1f} s old"
    value = f"{reading.shown} {reading.unit}".rstrip()
    return Row(["", reading.tag, value, reading.quality, age])


def render_request(
    record: RequestRecord, signed: Sequence[CardSigner], width: int = WIDEST
) -> list[str]:
    """Returns the writes, frames, proposer and signers of a decided request."""
    request, width = record.request, fitting_width(width)
    equipment = ", ".join(dict.fromkeys(plain(each.equipment) for each in request.commands))
    frames = [
        (CardFrame.of(each), plain(each.action_id).rpartition("/")[2]) for each in request.actions
    ]
    people = [
        Row(["", printable(each.person), plain(each.role), f"{each.signed_at[11:19]} UTC"])
        for each in signed
    ]
    parts = [
        Part("requested", [_write(n, each) for n, each in enumerate(request.commands, start=1)]),
        Part("frames", [row for frame, name in frames for row in wire_rows(frame, name, width)]),
        Part("proposer", [Row(["", request.proposer.shown, request.proposer.kind])]),
        Part("signed", people or [Row(["", "none"])]),
        Part("reason", [Row(["", quoted(request.reason, _WHOLE)])]),
    ]
    lines = [headline(f"{request.request_id}  {equipment}", plain(request.site), width), ""]
    lines += (line for part in parts for line in draw_part(part, width, is_coloured=False))
    return [*lines, "━" * width]


def _write(number: int, action: Action) -> Row:
    value = f"{printable(action.shown)} {printable(action.unit)}".rstrip()
    before = next((each.shown for each in action.expected if each.tag == action.tag), "-")
    return Row(["", str(number), plain(action.tag), f"{printable(before)} → {value}"])
