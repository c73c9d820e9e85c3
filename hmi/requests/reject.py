"""Signs the rejection of a request, or the revocation of an approval."""

from collections.abc import Callable

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.decide import Decide, check_open
from handwheel.tools.guardrails.approval.session import role_for
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import RequestVerdict, meaning_of
from handwheel.tools.guardrails.signatures.entitlement import check_objector
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import Signer, sign_statement
from ..shell.terminal.prompt import ask_text

_ANSWER_S = 120.0


def ask_reason() -> str:
    """Asks for a reason at the terminal. Raises `InvalidArguments` without a valid one."""
    reason = ask_text("Reason: ", _ANSWER_S)
    if not reason:
        raise InvalidArguments("no reason was given, so nothing was changed; give --reason")
    if fault := reason_fault(reason):
        raise InvalidArguments(f"nothing was changed: the reason {fault.reason}")
    return reason


def object_to(
    context: DecisionContext,
    record: RequestRecord,
    verdict: RequestVerdict,
    reason: str,
    operator: Operator,
    open_key: Callable[[], Signer],
) -> RequestState:
    """Signs a rejection or a revocation, submits it, and returns the new state.

    Raises:
        GuardrailError: The request cannot be rejected or revoked now, or not by this person.
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    check_open(verdict, record, instant_now())
    check_objector(context, record.request, operator)
    signer = open_key()
    request, now = record.request, instant_now()
    statement = Statement(
        verdict=verdict,
        meaning=meaning_of(verdict, request),
        role=role_for(context, operator, request.roles, request.written),
        valid_s=request.within_s,
        digest=request.digest,
        comment=reason,
    )
    signed = sign_statement(context.database, signer, statement, now)
    submit(context, Decide(site=context.site.id, signed=signed), now)
    return load_exactly(context.database, request.request_id).state
