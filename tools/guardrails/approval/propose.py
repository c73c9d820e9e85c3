"""Files the requests of people, after all checks."""

from typing import ClassVar

from ...errors import PermitRefused, TooManyRequests
from ...requests.request import ActionRequest
from ...requests.timestamps import Instant
from ..interlocks.blocking import WriteCheck, check_lease, check_lockout
from ..ledger.decisions import Signed
from ..ledger.lifecycle import file_in
from ..ledger.write_leases import check_may_have_lease
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import DecisionRefused, Reason
from ..signatures.message import Message
from .request_limits import check_request_limits


class Propose(Message):
    """Request of a person, with the proposer's signature, who then cannot approve it."""

    path: ClassVar[str] = "requests"
    request: ActionRequest
    signed: Signed
    denial: str | None = None  # why the policy denies it, as the person's terminal has judged

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Files it, PENDING or DENIED.

        Raises:
            GuardrailError: The signature is not the proposer's, a tag is locked out or in another
                lease, or a limit of requests is reached.
        """
        request, signed, database = self.request, self.signed, context.database
        with context.verified(signed, now) as (decision, operator):
            if decision.verdict != "propose" or decision.digest != request.digest:
                raise DecisionRefused(Reason.OTHER_DIGEST)
            proposer = request.proposer
            if (operator.person, operator.key_id) != (proposer.name, proposer.key_id):
                raise DecisionRefused(Reason.OTHER_PERSON)
            # A request filed during a lockout ends with its release.
            for action in request.actions:
                case = WriteCheck(context.site, database, context.policy, request, action, now)
                check_lockout(case)
                check_lease(case)
            check_may_have_lease(database, request)
            # In an older ledger there would be one request less.
            with database.transaction(now, waits_for="rows") as transaction:
                refused = None
                if not self.denial:
                    refused = check_request_limits(context, transaction, request)
                if refused is None:
                    if not file_in(transaction, request, self.denial or ""):
                        raise PermitRefused("the same proposal was submitted before")
                    insert_decision(transaction, request.request_id, decision, signed, None)
        if refused:  # the journal has its own row for it
            raise TooManyRequests(refused.reason)
