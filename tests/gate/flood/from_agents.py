"""What agents ask for: where a person has handed equipment over, and where nobody has."""

from functools import partial
from itertools import count
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.run_requests import end_request, file_segment, set_due
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.requests.request import ActionRequest

from ...sites.people import key_id
from ..testbed.runner import AGENT, RUN, Write, command, recovery, segment_of
from .proposals import Flood, Kind, Told
from .site import frame_of
from .testbed import altered

_NUMBERS = count(1)


def made(flood: Flood, write: Write, back: Write) -> ActionRequest:
    """An agent's request for one write that can be taken back, as a run makes it."""
    room, site = flood.room, flood.site
    context = room.desk.context
    number = next(_NUMBERS)
    run = RUN.model_copy(update={"run_id": f"U-{number:08d}"})
    segment = segment_of(
        site, run=run, commands=(command(site, write),), recovery=(recovery(site, back, 0),),
        evidence=(), proposal_key=f"the only segment of {run.run_id}",
    )  # fmt: skip
    seen = room.plant.survey(
        tags_of_segment(context, segment), [each.tag for each in segment.writes]
    )
    locks = lockout_generations(room.desk.database, scopes_of_segment(site, segment))
    request, denial = make_segment(context, segment, seen, AGENT, locks, room.clock.now())
    assert not denial
    return request


def _own(flood: Flood, tag: str = "P-101A.run_cmd") -> ActionRequest:
    before = bool(flood.room.plant.values[tag])
    return made(flood, (tag, not before), (tag, before))


def _file(flood: Flood, request: ActionRequest) -> str:
    desk, now = flood.room.desk, flood.room.clock.now()
    try:
        file_segment(desk.decision_context, request, None, flood.holder(), now)
    except HandwheelError as refusal:
        flood.file_by_hand(request)
        return str(refusal)
    return ""


def _approved(flood: Flood) -> ActionRequest:
    request = _own(flood)
    assert not _file(flood, request)
    assert not flood.approve(request, "anna")
    return request


async def _carried_out(flood: Flood, actions: int) -> Told:
    request = _approved(flood)
    database, told = flood.room.desk.database, Told()
    for each in request.actions[:actions]:
        now = flood.room.clock.now()
        set_due(database, each.action_id, flood.holder(), now)
        end = await flood.take_up(request)
        told = Told(at_the_gate=end, frames=[*told.frames, frame_of(each.tag, each.value)])
    end_request(database, request.request_id, "it is over", flood.holder(), flood.room.clock.now())
    return told


async def _without_authority(flood: Flood) -> Told:
    request = _own(flood, "P-101B.run_cmd")
    said = _file(flood, request)
    flood.approve(request, "anna")
    return Told(said, await flood.by_hand(request))


async def _authority_ended(flood: Flood) -> Told:
    request = _approved(flood)
    flood.take_over()
    told = Told(at_the_gate=await flood.by_hand(request))
    flood.hand_over()
    return told


async def _too_late(flood: Flood) -> Told:
    request = _approved(flood)
    flood.room.clock.forward(61.0)
    return Told(at_the_gate=await flood.by_hand(request))


async def _nobody(flood: Flood) -> Told:
    request = _own(flood)
    assert not _file(flood, request)
    return Told(at_the_gate=await flood.take_up(request))


async def _not_the_holder(flood: Flood) -> Told:
    request = _approved(flood)
    database, said = flood.room.desk.database, ""
    try:
        set_due(database, request.commands[0].action_id, "0" * 32, flood.room.clock.now())
    except LostRace as refusal:
        said = str(refusal)
    await flood.room.act()
    states = flood.room.desk.states(request)
    end_request(database, request.request_id, "it is over", flood.holder(), flood.room.clock.now())
    return Told(said, f"not due: {states}")


async def _recovery_alone(flood: Flood) -> Told:
    """A run takes back what it has never done."""
    request = _approved(flood)
    return Told(at_the_gate=await flood.by_hand(request, due=1))


async def _as_a_person(flood: Flood) -> Told:
    """An agent writes a person's name into its request."""

    def change(draft: dict[str, Any]) -> None:
        draft["proposer"] = {"kind": "person", "name": "gina", "key_id": key_id("gina")}
        del draft["run"]
        draft["recovery"] = []
        del draft["commands"][0]["undo"]

    request = altered(_own(flood, "P-101B.run_cmd"), change)
    flood.file_by_hand(request)
    said = flood.approve(request, "anna")
    return Told(said, await flood.take_up(request))


AGENTS = (
    *[Kind("agent", partial(_carried_out, actions=1), gate="VERIFIED", is_honest=True)] * 3,
    *[Kind("agent, and back", partial(_carried_out, actions=2), gate="VERIFIED", is_honest=True)]
    * 1,
    *[Kind("agent without authority", _without_authority, "OPERATOR", "OPERATOR")] * 2,
    Kind("agent whose authority ended", _authority_ended, gate="has taken P-101A over"),
    Kind("agent that comes too late", _too_late, gate="is too old to start on"),
    Kind("agent whom nobody approved", _nobody, gate="not enough people"),
    Kind("agent that is not the holder", _not_the_holder, "does not work on", "not due: ['PLANNED"),
    Kind("agent that takes back nothing", _recovery_alone, gate="nothing to undo"),
    Kind("agent as a person", _as_a_person, gate="gina has not signed"),
)
