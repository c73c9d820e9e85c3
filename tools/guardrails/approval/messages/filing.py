"""Filing of requests that no person has signed, under the runner lock."""

from abc import ABC

from ....errors import PermitRefused, TooManyRequests
from ....requests.request import ActionRequest
from ...interlocks.blocking import WriteCheck, check_filing
from ...ledger.actions import request_of_proposal
from ...ledger.lifecycle import file_in
from ...ledger.store.database import Transaction
from ...signatures.context import DecisionContext
from ..request_limits import check_request_limits
from .run_events import AgentOperation


class FileRequest(AgentOperation, ABC):
    """Files a request of an agent or a guest, PENDING or DENIED, once."""

    request: ActionRequest
    denial: str = ""  # reason for which the policy denies it; empty if it does not

    def _check_is_new(self, transaction: Transaction) -> None:
        """Raises `PermitRefused` with the earlier request of the same proposal."""
        if earlier := request_of_proposal(transaction, self.request.proposal_key):
            raise PermitRefused(f"{self.request.request_id} was filed before, as {earlier}")

    def _file(
        self, context: DecisionContext, transaction: Transaction, request: ActionRequest
    ) -> None:
        """Files it as it is given here, or raises `GuardrailError`."""
        site, database, policy = context.site, context.database, context.policy
        for action in request.actions:
            check_filing(WriteCheck(site, database, policy, request, action, transaction.now))
        if not self.denial and (refused := check_request_limits(context, transaction, request)):
            raise TooManyRequests(refused.reason)
        file_in(transaction, request, self.denial)
