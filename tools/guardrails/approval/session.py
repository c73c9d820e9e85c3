"""Session of one approver on one request, from the first card to the decision."""

from collections.abc import Callable, Collection, Iterator
from time import monotonic, sleep
from typing import Self

from handwheel.connectors.hints import NEXT, next_step, shell_command
from handwheel.connectors.model.values import exact_text

from ...errors import NoGate, PermitRefused
from ...requests.request import ActionRequest
from ...requests.timestamps import Instant, instant_now
from ..identity.roster import Operator
from ..interlocks.blocking import WriteCheck, blocking_reasons, check_request_files
from ..ledger.decisions import Signed, load_decisions
from ..ledger.records import RequestRecord, load_exactly, load_request
from ..ledger.store.database import Ledger
from ..ledger.store.states import RequestState
from ..signatures.context import DecisionContext
from ..signatures.decisions import meaning_of, parse_decision
from ..signatures.message import submit
from ..signatures.request_class import class_of
from ..signatures.statement import Statement
from .cards.build_card import PolicyFindings, make_card
from .cards.card_changes import card_changes
from .cards.card_model import Card, CardSigner
from .cards.card_order import order_of
from .cards.class_reason import class_reason
from .decide import Decide, check_open
from .plant_snapshot import PlantSnapshot, read_snapshot
from .tag_description import check_description

SETTLE_S = 3.0
"""Longest wait for a card that can be approved."""
_POLL_S = 0.1


class ApprovalSession:
    """Decides what an approver is shown and must type, and submits the signed approval.

    A console, a command and a test drive it alike: they show `card`, ask for `expected_word`,
    call `look_again`, and approve.
    """

    def __init__(self, context: DecisionContext, record: RequestRecord, card: Card) -> None:
        self.decision_context = context
        self.record = record
        self.card = card

    @classmethod
    def settled(cls, context: DecisionContext, record: RequestRecord) -> Self:
        """Opens a session with the first card that can be approved, or the last after 3 s.

        The gate takes a moment to read the tags of a request that was filed just now.
        """
        session = cls(context, record, current_card(context, record, instant_now()))
        session.settle()
        return session

    def settle(self) -> None:
        """Renews a card that cannot be approved, until it can or 3 s have passed.

        One reading that is late or bad does not end an approval.
        """
        until_s = monotonic() + SETTLE_S
        while not self.card.is_approvable and monotonic() < until_s:
            sleep(_POLL_S)
            self.card = current_card(self.decision_context, self.record, instant_now())

    @property
    def expected_word(self) -> str:
        """The text that the approver must type."""
        return self.card.word

    def check_open(self) -> None:
        """Checks that the request still waits.

        Raises:
            NoGate: The gate has ended.
            LedgerError: The gate does not answer.
            PermitRefused: Others have ended or completed the request.
        """
        if read_snapshot(self.decision_context.database) is None:
            raise NoGate("nothing was approved")
        now = instant_now()
        fresh = load_request(self.decision_context.database, self.record.request.request_id)
        try:
            check_open("approve", fresh, now)
        except PermitRefused as refusal:
            people = ", ".join(
                each.person for each in signers(self.decision_context.database, fresh)
            )
            raise PermitRefused(f"{refusal}{f' (signed by {people})' if people else ''}") from None

    def look_again(self) -> str:
        """Renews the card and returns what changed that matters, or an empty text."""
        before = self.card
        self.card = current_card(self.decision_context, self.record, instant_now())
        return "; ".join(card_changes(before, self.card))

    def approve(
        self, operator: Operator, sign: Callable[[Statement, Instant], Signed]
    ) -> RequestState:
        """Has `sign` sign an approval of the card with the operator's key, and submits it.

        Raises:
            GuardrailError: The card shows a problem, or the signature does not count.
        """
        check_approvable(self.card)
        request, now = self.record.request, instant_now()
        statement = Statement(
            verdict="approve",
            meaning=meaning_of("approve", request),
            role=role_for(self.decision_context, operator, request.roles, request.written),
            valid_s=request.within_s,
            digest=request.digest,
            card=self.card.digest,
        )
        context = self.decision_context
        signed = sign(statement, now)
        submit(context, Decide(site=context.site.id, signed=signed, card=self.card.text), now)
        return load_exactly(context.database, request.request_id).state


def current_card(context: DecisionContext, record: RequestRecord, now: Instant) -> Card:
    """Returns the card of a request with the plant values of the gate's snapshot."""
    request, snapshot = record.request, read_snapshot(context.database)
    found = class_of(context.site, context.database, request, now.wall)
    return make_card(
        request,
        tags=context.site.tags,
        connections=context.site.connections,
        snapshot=snapshot,
        now=now,
        signed=signers(context.database, record),
        policy=PolicyFindings(
            _limits(context, request),
            class_reason(context.policy, context.site.tags, request, found),
            _blocking(context, request, snapshot, now),
            found,
        ),
        ordered=order_of(context, request, now),
    )


def check_approvable(card: Card) -> None:
    """Raises `PermitRefused` with every problem of the card, and what one can do about it."""
    if card.is_approvable:
        return
    what = f"it cannot be approved now: {'; '.join(card.problems)}"
    if NEXT not in what:
        reject = shell_command("requests", "reject", card.request_id)
        what += f"; it still waits, and {reject} ends it"
        what += f"; {next_step('requests', 'show', card.request_id)}"
    raise PermitRefused(what)


def role_for(
    context: DecisionContext, operator: Operator, roles: Collection[str], tags: Collection[str]
) -> str:
    """Returns the operator's role to sign in, if possible one that is needed for the tags."""
    for held in sorted(operator.roles):
        if any(context.policy.satisfies(held, role, tags) for role in roles):
            return held
    return min(operator.roles)


def signers(database: Ledger, record: RequestRecord) -> list[CardSigner]:
    """Returns the approvers of a request, in order."""
    decisions = load_decisions(database, record.request.request_id)
    signed = [parse_decision(each.text) for each in decisions if each.verdict == "approve"]
    return [
        CardSigner(person=each.person, role=each.role, signed_at=each.signed_at) for each in signed
    ]


def _limits(context: DecisionContext, request: ActionRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in request.commands:
        tag = context.site.tags.get(each.tag)
        ruling = context.policy.judge(tag, each.value, None) if tag else None
        if ruling and ruling.limits:
            low, high = map(exact_text, ruling.limits)
            found[each.tag] = f"limits {low} to {high} {each.unit}".rstrip()
    return found


def _wrong_descriptions(context: DecisionContext, request: ActionRequest) -> Iterator[str]:
    """Yields what a request says of its tags that the site's files do not say."""
    tags = context.site.tags
    for action in [each for each in request.actions if each.tag in tags]:
        try:
            check_description(context.site, tags[action.tag], action)
        except PermitRefused as refusal:
            yield str(refusal)


def _blocking(
    context: DecisionContext, request: ActionRequest, snapshot: PlantSnapshot | None, now: Instant
) -> list[str]:
    found: list[str] = []
    held = snapshot.hashes if snapshot else request.hashes.model_dump()
    try:
        check_request_files(context.site, request, held)
    except PermitRefused as refusal:
        found.append(str(refusal))
    found += _wrong_descriptions(context, request)
    for action in request.commands:
        case = WriteCheck(context.site, context.database, context.policy, request, action, now)
        found += blocking_reasons(case)
    return list(dict.fromkeys(found))
