"""Asks a person about a request: the card, the typed word, the passphrase, a second look."""

from collections.abc import Callable, Mapping
from time import monotonic, sleep

import typer

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.bench import Bench
from handwheel.tools.guardrails.card import Card, CardSigner, make_card
from handwheel.tools.guardrails.deciding import decide
from handwheel.tools.guardrails.decisions import DecisionRefused, meaning_of, parse_decision
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_decisions
from handwheel.tools.guardrails.ledger.transitions import RequestState
from handwheel.tools.guardrails.operators import Operator
from handwheel.tools.guardrails.picture import read_picture
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.stamps import Instant, instant_now

from .card_text import has_colour, render_card
from .prompt import Answer, confirm
from .signing import Signer, Statement, sign_statement

_ANSWER_S = 120.0
_SETTLE_S = 3.0
_POLL_S = 0.1


def look(bench: Bench, record: RequestRecord, now: Instant) -> Card:
    """Returns the card of a request as the gate's picture shows the plant now."""
    request = record.request
    return make_card(
        request,
        tags=bench.site.tags,
        picture=read_picture(bench.site.state, now),
        now=now,
        signed=_signed(bench.database, record),
        limits=_limits(bench, request),
    )


def expected_word(request: ActionRequest) -> str:
    """Returns what must be typed to approve: nothing that a hand types by itself.

    For R1 the word itself; else the ending of each tag and its value: `run_cmd true`.
    """
    if request.risk_class == "R1":
        return "approve"
    return ", ".join(f"{each.tag.partition('.')[2]} {each.shown}" for each in request.commands)


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
        open_key: Asks for the passphrase; called once, after the word was typed.

    Returns:
        Where the request stands then; `None` if the person did not approve.

    Raises:
        GuardrailError: It cannot be approved now, or the signature does not count.
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    card = settled(bench, record)
    signer: Signer | None = None
    while True:
        _show(card)
        check_approvable(card)
        if not _is_confirmed(record.request):
            return None
        signer = signer or open_key()
        again = look(bench, record, instant_now())
        if _seen(again) == _seen(card):
            return sign_approval(bench, record, signer, again)
        typer.echo("\nthe plant has moved while you were reading; look again")
        card = again


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
        if any(bench.policy.satisfies(held, role) for role in request.roles):
            return held
    return min(operator.roles)


def _is_confirmed(request: ActionRequest) -> bool:
    word = expected_word(request)
    answer = confirm(f'\nType "{word}" to approve, Enter to leave it: ', word, _ANSWER_S)
    if answer is Answer.TIMEOUT:
        typer.echo("nobody answered; the request waits on")
    elif answer is Answer.NO:
        typer.echo("not approved; nothing was sent, and the request waits on")
    return answer is Answer.YES


def _show(card: Card) -> None:
    for line in render_card(card, is_coloured=has_colour()):
        typer.echo(line)


def _seen(card: Card) -> Mapping[str, object]:
    """Returns what must not have moved between the word and the signature."""
    return {
        "now": [each.now for each in card.changes if each.delta is None],
        "requires": [each.truth for each in card.requires],
        "problems": card.problems,
        "signed": [each.person for each in card.signed],
    }


def _signed(database: Database, record: RequestRecord) -> list[CardSigner]:
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
            found[each.tag] = f"limits {ruling.limits[0]:g} to {ruling.limits[1]:g}"
    return found
