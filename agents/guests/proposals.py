"""Proposals, work requests and intentions of guests."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from handwheel.connectors.hints import did_you_mean
from handwheel.tools.errors import InvalidArguments, PolicyViolation
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
from handwheel.tools.maintenance.work_order_database import WorkOrder
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation, parse_lease
from handwheel.tools.requests.proposer import proposal_key_of
from handwheel.tools.requests.timestamps import parse_stamp, stamp
from handwheel.tools.requests.values import check_not_already, parse_value
from handwheel.tools.safe_text import quoted

from ..cases.intention import Intention
from .admission import Pace
from .guest_context import Guest, GuestContext
from .messages import Intended, Proposal, WorkRequest
from .questions import known_tags
from .readings import survey

MOST_OPEN = 20
"""Work orders of all guests together that may be open."""
_DUE_IN: Mapping[int, timedelta] = {
    1: timedelta(days=1), 2: timedelta(days=7), 3: timedelta(days=30), 4: timedelta(days=90),
}  # fmt: skip


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


def request_work(context: GuestContext, guest: Guest, asked: WorkRequest) -> str:
    """Stores a work order of a guest, and returns its id or that of the same one stored before.

    Raises:
        InvalidArguments: The site has no such equipment.
        PolicyViolation: Too many of guests are open.
        ToolFailed: It cannot be written.

    Effect: OBSERVE. Retry: with the same key, it counts once. Timeout: none.
    """
    site, store, now = context.site, context.workorders, context.clock().wall
    if asked.equipment not in site.equipment:
        hint = did_you_mean(asked.equipment, site.equipment)
        raise InvalidArguments(f"there is no equipment {asked.equipment!r}{hint}")
    key = proposal_key_of(guest.proposer, asked.key)
    known = [each for each in store.open_orders() if each.guest is not None]
    if len(known) >= MOST_OPEN and all(each.key != key for each in known):
        raise PolicyViolation(f"{MOST_OPEN} work orders of guests are open, and no more may be")
    order = WorkOrder.model_validate(
        {
            "workorder_id": new_id("W"),
            "key": key,
            "site": site.id,
            "asset": asked.equipment,
            "class": "inspection",
            "priority": asked.priority,
            "title": f"{guest.proposer.shown}: {quoted(asked.text)}",
            "due": stamp(now + _DUE_IN[asked.priority]),
            "opened_at": stamp(now),
            "guest": guest.proposer,
        }
    )
    return store.raise_order(order).workorder_id


def open_intentions(context: GuestContext) -> list[Mapping[str, Any]]:
    """Returns the intentions whose time has not come, the next one first."""
    found = sorted(context.intentions.open.items(), key=lambda each: each[1].at)
    return [each.fields(name) for name, each in found]


def record_intention(context: GuestContext, guest: Guest, asked: Intended) -> Mapping[str, Any]:
    """Records an intention, and returns it or the same one that is open already.

    Raises as `Intentions.record`.

    Effect: none on the plant. Retry: with the same key, it counts once. Timeout: 5 s for the gate.
    """
    try:
        at = parse_stamp(asked.at)
    except ValueError:
        raise InvalidArguments(
            f"{asked.at!r} is no stamp; write 2026-12-01T13:00:00.000Z"
        ) from None
    intention = Intention(
        key=proposal_key_of(guest.proposer, asked.key), equipment=asked.equipment,
        playbook=asked.playbook, roles=asked.roles, at=stamp(at),
        guest=guest.proposer, text=asked.text,
    )  # fmt: skip
    name = context.intentions.record(intention)
    return context.intentions.open[name].fields(name)


def withdraw_intention(context: GuestContext, guest: Guest, name: str) -> Mapping[str, Any]:
    """Withdraws an intention of the guest's account, and returns it.

    Raises as `Intentions.withdraw`.

    Effect: none on the plant. Retry: none. Timeout: 5 s for the gate.
    """
    return context.intentions.withdraw(name, guest.peer.user).fields(name)
