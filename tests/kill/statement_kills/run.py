"""A run of a kill run at each statement: it asks, has its command carried out, and takes it back.

It is an agent's process as the gate sees one, with the lock of the runs; a person hands the
pumps over to it and approves.
"""

import asyncio
from time import monotonic, sleep

from handwheel.connectors.client.site_reader import survey
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun
from handwheel.tools.guardrails.approval.messages.run_requests import FileSegment, SetDue
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import RunOrigin
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import PUMPS
from ..process_group import GivenUp
from ..site import PLAYBOOK
from .ledger_view import standing_of
from .operators import LIFE_S, POLL_S, People, has_left, patiently

_AGENT = Proposer(kind="agent", name="playbook runner")
_NAME, _VERSION, _DIGEST, _ROLES = PLAYBOOK
_RUN = RunOrigin(
    run_id="U-00000001", playbook=_NAME, version=_VERSION, digest=_DIGEST, parameters=_ROLES,
    segment=1, max_duration_s=3600.0,
)  # fmt: skip


def take_back(people: People, gate: int) -> None:
    """Asks for a start with its undo, has both carried out, and ends early without a gate.

    Args:
        gate: A pipe that the gate holds the other end of.
    """
    people.hand_over()
    with people.opened() as decision_context:
        writer = LedgerWriter.take(decision_context, instant_now)
        name, due = _file(people, decision_context, writer), ["r1", "c1"]
        is_approved = False
        until_s = monotonic() + LIFE_S
        while not has_left(gate):
            is_approved = is_approved or people.is_approved(name)
            standing = standing_of(people.client)
            assert standing is not None
            if is_approved and not standing.is_under_way:
                if standing.doubtful or not due:
                    return
                writer.add(SetDue(action_id=f"{name}/{due.pop()}"))
            if monotonic() > until_s:
                raise GivenUp(f"no end: {standing}")
            sleep(POLL_S)


def open_and_order(people: People) -> None:
    """Opens a run, and has a person order it to take back what it has done."""
    with people.opened() as decision_context:
        writer = LedgerWriter.take(decision_context, instant_now)
        body: dict[str, object] = {"playbook": _NAME}
        name = _RUN.run_id
        writer.add(OpenRun(run_id=name, playbook=_NAME, assets=(PUMPS,), body=body))
        people.order(name, "abort")


def _file(people: People, decision_context: DecisionContext, writer: LedgerWriter) -> str:
    site = people.site
    tag, value = people.writes[0]
    segment = Segment(
        run=_RUN,
        commands=(Command(ProposedWrite(site.tags[tag], value), "start"),),
        recovery=(Recovery(ProposedWrite(site.tags[tag], not value), "back", (), 0),),
        evidence=(),
        roles=("operator",),
        within_s=900.0,
        proposal_key="the first segment",
        reason="kill run",
    )
    context = BuildContext(
        site, decision_context.policy, cross_limits(site, decision_context.policy)
    )
    read = tags_of_segment(context, segment)
    tags = [write.tag for write in segment.writes]
    seen = patiently(lambda: asyncio.run(survey(site, read, tags)))
    locks = lockout_generations(decision_context.database, scopes_of_segment(site, segment))
    request, denial = make_segment(context, segment, seen, _AGENT, locks, instant_now())
    assert denial is None
    writer.add(FileSegment(request=request))
    return request.request_id
