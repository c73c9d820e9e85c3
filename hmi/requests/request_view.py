"""Shows a request with its card or outcome, its actions and what followed."""

from collections.abc import Iterator, Sequence

from handwheel.tools.guardrails.approval.cards.card_model import Card, CardFrame, CardSigner
from handwheel.tools.guardrails.approval.cards.outcome_card import Outcome
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import signers
from handwheel.tools.guardrails.client.request_fields import request_fields
from handwheel.tools.guardrails.ledger.listing import listed
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.request_class import class_of
from handwheel.tools.requests.request import Action
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain, printable, quoted

from ..shell.terminal.panel import (
    WIDEST,
    Part,
    Row,
    card_width,
    draw_part,
    fitting_width,
    has_colour,
    headline,
)
from ..shell.terminal.wrap import fold
from .assessment.assessment_text import ASSESSED_KEYS, assessment_parts, render_assessed
from .assessment.background import assessed_beside
from .assessment.model import Assessment
from .cards.card_details import DETAIL_KEYS, device_text, render_details, wire_rows
from .cards.card_text import render_card
from .request_text import action_line, request_line
from .write_followup import followup_fields, followup_lines

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


def whole_request(
    context: DecisionContext, record: RequestRecord, card: Card | None, now: Instant
) -> Iterator[str]:
    """Yields everything about a request as lines for this terminal, its card until decided.

    What is computed here comes last, after some seconds.
    """
    width, snapshot = card_width(), read_snapshot(context.database)
    yield from (
        _whole_card(card, width)
        if card
        else render_request(record, signers(context.database, record), width)
    )
    yield fold(request_line(listed(record), now, has_gate=snapshot is not None))
    yield from (fold(f"  {action_line(each)}") for each in record.actions)
    for line in followup_lines(context.database, record, snapshot, now):
        yield fold(f"  {line}")
    if card is not None:
        with assessed_beside(context.site, record.request.request_id) as beside:
            yield from _whole_assessment(beside.first(), width)


def _whole_assessment(assessment: Assessment | None, width: int) -> Iterator[str]:
    """Yields an assessment with all its details."""
    if assessment is None:
        return
    yield ""
    for part in assessment_parts(assessment, 3, has_keys=False):
        yield from draw_part(part, width, is_coloured=has_colour())
    for key in ASSESSED_KEYS if assessment.unable is None else ():
        yield ""
        yield from render_assessed(assessment, key, width)


def _whole_card(card: Card, width: int) -> list[str]:
    """Returns a card with all its details."""
    is_coloured = has_colour()
    lines = render_card(card, width, is_coloured=is_coloured)
    for key in DETAIL_KEYS:
        lines += ["", *render_details(card, key, width, is_coloured=is_coloured)]
    return [*lines, ""]


def whole_fields(
    context: DecisionContext, record: RequestRecord, card: Card | None, now: Instant
) -> dict[str, object]:
    """Returns the same as fields for JSON."""
    snapshot, signed = read_snapshot(context.database), signers(context.database, record)
    is_waiting, waited_s = record.state in WAITING_REQUESTS, record.waits_since_s(now)
    has_left, quorum = is_waiting and waited_s is not None, 0
    if is_waiting:
        quorum = class_of(context.site, context.database, record.request, now.wall).quorum
    return {
        **request_fields(listed(record)),
        "held": bool(record.unresolved),
        "signed": [each.model_dump() for each in signed],
        "still_to_sign": max(quorum - len(signed), 0),
        "left_s": max(record.request.within_s - (waited_s or 0.0), 0.0) if has_left else None,
        **followup_fields(context.database, record, snapshot, now),
        "gate": {
            "running": snapshot is not None,
            "epoch": snapshot.epoch if snapshot else None,
        },
        "problems": card.problems if card else [],
    }
