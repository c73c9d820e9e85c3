"""Proposals of guests, filed as requests that people decide."""

from collections.abc import Sequence

from handwheel.tools.errors import PolicyViolation
from handwheel.tools.guardrails.approval.build_request import (
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.messages.guest_requests import FileGuestRequest
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.interlocks.blocking import check_files
from handwheel.tools.guardrails.ledger.actions import request_of_proposal
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation, parse_lease
from handwheel.tools.requests.proposer import proposal_key_of
from handwheel.tools.requests.values import check_not_already, parse_value

from .guest import Guest
from .guest_context import GuestContext
from .messages import Proposal
from .pace import Pace
from .questions import known_tags
from .readings import survey


class Proposals:
    """Files what guests propose, one proposal after the other.

    Args:
        surveys: Pace of what is read of the plant for guests.
    """

    def __init__(self, context: GuestContext, surveys: Pace) -> None:
        self._context, self._surveys = context, surveys

    async def file(self, guest: Guest, proposal: Proposal) -> str:
        """Files a request, and returns its id or that of the same proposal filed before.

        Raises:
            Rejected: An endpoint is down, or the guest waits for another answer.
            InvalidArguments: A tag, a value, an effect or the lease is wrong.
            GuardrailError: The policy denies it, or the state does not allow it.
            LedgerError: The gate does not answer.

        Effect: OBSERVE; a request is filed. Retry: with the same key, it counts once. Timeout: the
        connections', and 5 s for the gate.
        """
        key = proposal_key_of(guest.proposer, proposal.key)
        if earlier := request_of_proposal(self._context.database, key):
            return earlier
        async with self._surveys.turn(guest):
            if earlier := request_of_proposal(self._context.database, key):
                return earlier  # filed while it waited, for another process of the same name
            made = await self._made(guest, proposal)
            self._context.ledger.writer.add(made)
        return made.request.request_id

    async def _made(self, guest: Guest, proposal: Proposal) -> FileGuestRequest:
        context, port = self._context, self._context.ledger
        writes = self._writes(proposal)
        terms = Terms(
            lease=None if proposal.lease is None else parse_lease(proposal.lease),
            effects=tuple(map(parse_expectation, proposal.expect)),
            proposal_key=proposal.key,
        )
        tags = tags_to_survey(port.build_context, writes, terms)
        if (snapshot := read_snapshot(context.database)) is not None:
            check_files(context.site, context.site.hashes, snapshot.hashes, "agents")
        seen = await survey(context, tags, [write.tag for write in writes])
        check_not_already(((each.tag, each.value) for each in writes), seen.readings)
        locks = lockout_generations(context.database, scopes(context.site, writes))
        request, denial = make_request(
            port.build_context, writes, seen, guest.proposer, proposal.reason, locks,
            context.clock(), terms,
        )  # fmt: skip
        if denial is not None:  # told to the guest alone, since nobody has to decide it
            raise PolicyViolation(denial.reason)
        return FileGuestRequest(request=request)

    def _writes(self, proposal: Proposal) -> Sequence[ProposedWrite]:
        tags = known_tags(self._context.site, list(proposal.writes))
        return [ProposedWrite(tag, parse_value(tag, proposal.writes[tag.name])) for tag in tags]
