"""Words of people, each as the gate takes it, for tests that have the ledger at hand."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Literal, cast

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.run_orders import (
    AskRun,
    FreeOrder,
    RunOrder,
    load_orders,
)
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority import (
    GrantAuthority,
    TakeAuthority,
    TakenMode,
    ended_by,
)
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.records import load_request_of
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.timestamps import Instant

from .effects import without_site


def decide(
    context: DecisionContext, signed: Signed, card: str | None, now: Instant
) -> RequestState:
    """A decision on a request; returns the state that it has then."""
    message = Decide(site=context.site.id, signed=signed, card=card)
    message.apply(replace(context, roster=load_roster(context.site)), now)
    record = load_request_of(context.database, parse_decision(signed.text).digest or "")
    assert record is not None
    return record.state


def ask_run(ledger: Ledger, run_id: str, order: FreeOrder, person: str, now: Instant) -> RunOrder:
    AskRun(site="", run_id=run_id, order=order, person=person).apply(without_site(ledger), now)
    return load_orders(ledger, run_id)[-1]


def grant_authority(
    context: DecisionContext,
    equipment: str,
    until: str,
    generation: int,
    signed: Signed,
    now: Instant,
) -> None:
    """Hands equipment over, also until a moment that no message could name."""
    GrantAuthority.model_construct(
        equipment=equipment, until=until, generation=generation, signed=signed
    ).apply(context, now)


def take_authority(
    ledger: Ledger,
    site: Site,
    equipment: str,
    mode: TakenMode,
    person: str,
    now: Instant,
    *,
    by: Literal["seat", "user"] | None = None,
) -> list[str]:
    """A person takes equipment over; returns the requests that this ended."""
    context = cast(DecisionContext, SimpleNamespace(database=ledger, site=site))
    message = TakeAuthority(site=site.id, equipment=equipment, mode=mode, person=person, by=by)
    head = ledger.head()
    message.apply(context, now)
    return ended_by(list(ledger.journal(head.seq if head else 0)))
