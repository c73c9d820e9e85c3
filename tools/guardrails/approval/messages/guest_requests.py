"""Files the requests of guests, which the agents' process hands on."""

from typing import Literal

from handwheel.connectors.hints import next_step

from ....errors import PermitRefused
from ...ledger.runs import owner_in_the_way
from ...ledger.store.database import Transaction
from ...signatures.context import DecisionContext
from .filing import FileRequest


class FileGuestRequest(FileRequest):
    """Files the request of a guest, PENDING or DENIED, once.

    It needs the authority that agents need, and stands below the runs of the site.
    """

    do: Literal["file guest request"] = "file guest request"

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Files it.

        Raises:
            GuardrailError: It was filed before, a run owns its equipment, a tag is locked out or
                not granted to agents, or a limit of requests is reached.
        """
        request = self.request
        if request.proposer.kind != "guest":
            raise PermitRefused(f"{request.request_id} is no request of a guest")
        self._check_is_new(transaction)
        written = {each.equipment for each in request.actions}
        parts = {part for each in written for part in context.site.members_of(each)}
        if owner := owner_in_the_way(transaction, sorted(written | parts), ()):
            raise PermitRefused(f"{owner} owns its equipment; {next_step('runs', 'show', owner)}")
        self._file(context, transaction, request)
