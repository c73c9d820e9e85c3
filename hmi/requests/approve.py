"""Asks a person about a request: the card, the typed word, the passphrase, a second look."""

import shutil
from collections.abc import Callable, Mapping
from time import monotonic, sleep

import typer

from handwheel.connectors.model.values import exact_text
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.card import Card, CardSigner, make_card
from handwheel.tools.guardrails.approval.decide import check_open, decide
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot, read_snapshot
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.interlocks.blocking import Case, check_files, hindrances
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_decisions, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import Bench
from handwheel.tools.guardrails.signatures.decisions import (
    DecisionRefused,
    meaning_of,
    parse_decision,
)
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.stamps import Instant, instant_now

from ..people.signing import Signer, Statement, sign_statement
from ..shell.terminal.panel import has_colour
from ..shell.terminal.prompt import NO_TERMINAL, Answer, confirm
from .card_text import render_card, render_changes

_ANSWER_S = 120.0
_SETTLE_S = 3.0
_POLL_S = 0.1
_LONGEST_WORD = 40  # so that the question fits on a line
_PROMPT_LINES = 2


def look(bench: Bench, record: RequestRecord, now: Instant) -> Card:
    """Returns the card of a request as the gate's picture shows the plant now."""
    request, picture = record.request, read_snapshot(bench.site.state, now)
    return make_card(
        request,
        tags=bench.site.tags,
        snapshot=picture,
        now=now,
        signed=signers(bench.database, record),
        limits=_limits(bench, request),
        hindrances=_hindrances(bench, request, picture, now),
    )


def expected_word(request: ActionRequest) -> str:
    """Returns what must be typed to approve: nothing that a hand types by itself.

    For R1 the word itself. Else the ending of the tag and its value, `run_cmd true`, or of
    several writes each tag whole; where that is too long, or no keyboard has it, how many there
    are and the beginning of the digest that the card shows.
    """
    if request.risk_class == "R1":
        return "approve"
    commands = request.commands
    names = [each.tag if len(commands) > 1 else each.tag.partition(".")[2] for each in commands]
    word = ", ".join(f"{name} {each.shown}" for name, each in zip(names, commands, strict=True))
    is_typeable = word.isascii() and word.isprintable() and word == " ".join(word.split())
    if is_typeable and len(word) <= _LONGEST_WORD:
        return word
    writes = "1 write" if len(commands) == 1 else f"{len(commands)} writes"
    return f"approve {writes} {request.digest[:4]}"


def settled(bench: Bench, record: RequestRecord) -> Card:
    """Returns the card when nothing stands in its way, or after 3 s as it is.

    The gate takes a moment to read the tags of a request that was filed just now.
    """
    until_s = monotonic() + _SETTLE_S
    while True:
        card = look(bench, record, instant_now())
        if card.is_approvable or monotonic() >= until_s:
            return card
        sleep(_POLL_S)


def ask(bench: Bench, record: RequestRecord, open_key: Callable[[], Signer]) -> RequestState | None:
    """Shows the card, asks for the word and the passphrase, looks again, and signs.

    Args:
        open_key: Returns the open key, or asks for the passphrase; called each time after the
            word was typed, so that a key that is not open any more signs nothing.

    Returns:
        Where the request stands then; `None` if the person did not approve.

    Raises:
        GuardrailError: It cannot be approved now, or the signature does not count.
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    check_open("approve", record, instant_now())
    card = settled(bench, record)
    while True:
        show_card(card)
        check_approvable(card)
        if not _is_confirmed(record.request):
            return None
        _check_still_open(bench, record)
        signer = open_key()
        _check_still_open(bench, record)
        again = look(bench, record, instant_now())
        if _seen(again) == _seen(card):
            return sign_approval(bench, record, signer, again)
        del signer  # whoever looks again may have locked the seat by then
        typer.echo(f"\n{_news(card, again)} while you were reading; look again")
        card = again


def _check_still_open(bench: Bench, record: RequestRecord) -> None:
    """Refuses what others have ended or completed while the person was reading."""
    now = instant_now()
    sweep(bench.database, now)
    fresh = load_request(bench.database, record.request.request_id)
    try:
        check_open("approve", fresh, now)
    except PermitRefused as refusal:
        people = ", ".join(each.person for each in signers(bench.database, fresh))
        raise PermitRefused(f"{refusal}{f' (signed by {people})' if people else ''}") from None


def _news(before: Card, after: Card) -> str:
    known = {each.person for each in before.signed}
    new = [each.person for each in after.signed if each.person not in known]
    return f"{' and '.join(new)} signed" if new else "the plant has moved"


def sign_approval(bench: Bench, record: RequestRecord, signer: Signer, card: Card) -> RequestState:
    """Signs an approval of what a card shows, and puts it before the ledger.

    Raises:
        GuardrailError: The card shows a reason against it, or the signature does not count.
    """
    check_approvable(card)
    request, now = record.request, instant_now()
    statement = Statement(
        verdict="approve",
        meaning=meaning_of("approve", request),
        role=role_for(bench, signer.operator, request),
        valid_s=request.within_s,
        digest=request.digest,
        card=card.digest,
    )
    return decide(bench, sign_statement(bench.database, signer, statement, now), card.text, now)


def check_approvable(card: Card) -> None:
    """Refuses what the card itself speaks against.

    Raises:
        PermitRefused: With every reason on it.
    """
    if not card.is_approvable:
        raise PermitRefused("it cannot be approved now: " + "; ".join(card.problems))


def role_for(bench: Bench, operator: Operator, request: ActionRequest) -> str:
    """Returns the role in which a person signs: one that the request asks for, if they hold it."""
    for held in sorted(operator.roles):
        if any(bench.policy.satisfies(held, role, request.written) for role in request.roles):
            return held
    return min(operator.roles)


def _is_confirmed(request: ActionRequest) -> bool:
    word = expected_word(request)
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


def _seen(card: Card) -> Mapping[str, object]:
    """Returns what must not have moved between the word and the signature."""
    return {
        "now": [each.now for each in card.changes if each.delta is None],
        "requires": [each.truth for each in card.requires],
        "problems": card.problems,
        "signed": [each.person for each in card.signed],
    }


def signers(database: Database, record: RequestRecord) -> list[CardSigner]:
    """Returns who has approved a request, in order."""
    found: list[CardSigner] = []
    for each in load_decisions(database, record.request.request_id):
        if each.verdict == "approve":
            try:
                said = parse_decision(each.text)
            except DecisionRefused:
                continue
            found.append(CardSigner(person=said.person, role=said.role, signed_at=said.signed_at))
    return found


def _limits(bench: Bench, request: ActionRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in request.commands:
        tag = bench.site.tags.get(each.tag)
        ruling = bench.policy.judge(tag, each.value, None) if tag else None
        if ruling and ruling.limits:
            low, high = map(exact_text, ruling.limits)
            found[each.tag] = f"limits {low} to {high} {each.unit}".rstrip()
    return found


def _hindrances(
    bench: Bench, request: ActionRequest, picture: PlantSnapshot | None, now: Instant
) -> list[str]:
    found: list[str] = []
    wanted = request.hashes.model_dump()
    try:
        check_files(bench.site, wanted, picture.hashes if picture else wanted)
    except PermitRefused as refusal:
        found.append(str(refusal))
    for action in request.commands:
        case = Case(bench.site, bench.database, bench.policy, request, action, now)
        found += hindrances(case)
    return list(dict.fromkeys(found))
