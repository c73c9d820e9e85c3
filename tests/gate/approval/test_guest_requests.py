"""A guest's request is decided on as any other, below those of people and agents."""

from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.tools.errors import (
    GuardrailError,
    InterlockActive,
    InvalidArguments,
    PermitRefused,
    TooManyRequests,
)
from handwheel.tools.guardrails.approval.build_request import (
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.messages.guest_requests import FileGuestRequest
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun
from handwheel.tools.guardrails.approval.messages.run_requests import EndRequest, FileSegment
from handwheel.tools.guardrails.approval.request_limits import GUESTS, REFUSED
from handwheel.tools.guardrails.ledger.actions import request_of_proposal
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.requests.lease_and_effects import (
    NO_TERMS,
    Terms,
    parse_expectation,
    parse_lease,
)
from handwheel.tools.requests.proposer import Proposer, guest_proposer, proposal_key_of
from handwheel.tools.requests.request import ActionRequest

from ..testbed.runner import RUN, Runner, Write, command
from ..testbed.with_oracle import SETPOINT, START, START_B
from ..testbed.words import take_authority

GUEST = guest_proposer("margin-agent", "lab", "a-model 1.5B")
TERMS = Terms(
    parse_lease("10 min"), (parse_expectation("PT-102.pv > 350 kPa within 2 min"),), "change-over 1"
)


def made(
    runner: Runner, *writes: Write, proposer: Proposer = GUEST, terms: Terms = NO_TERMS
) -> tuple[ActionRequest, Denial | None]:
    """A request as the agents' process makes it for a guest."""
    room, context = runner.room, runner.context
    proposed = [ProposedWrite(room.site.tags[name], value) for name, value in writes]
    tags = [each.tag for each in proposed]
    seen = room.plant.survey(tags_to_survey(context, proposed, terms), tags)
    locks = lockout_generations(room.desk.database, scopes(room.site, proposed))
    why = "more margin for the change-over"
    return make_request(context, proposed, seen, proposer, why, locks, room.clock.now(), terms)


def file(runner: Runner, *writes: Write, **more: Any) -> ActionRequest:
    request, denial = made(runner, *(writes or (START,)), **more)
    runner.make(FileGuestRequest(request=request, denial=str(denial or "")))
    runner.room.note(request)
    return request


async def test_guest_request_approved_once_is_sent_once(runner: Runner) -> None:
    room = runner.room
    request = file(runner, SETPOINT, START, terms=TERMS)
    again, _ = made(runner, SETPOINT, START, terms=TERMS)
    with pytest.raises(PermitRefused, match=f"was filed before, as {request.request_id}"):
        runner.make(FileGuestRequest(request=again))
    key = proposal_key_of(GUEST, "change-over 1")
    assert request_of_proposal(room.desk.database, key) == request.request_id
    room.desk.approve(request)
    room.note(request, "anna")
    for _ in range(3):
        await room.act()
    assert room.wires == [each.wire for each in request.commands]
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    assert [each["of"] for each in room.rows("effect.CAME")] == [f"{request.request_id}/c2"]
    room.clock.forward(601.0)
    for _ in range(3):
        await room.go_round()
    assert room.wires == [each.wire for each in request.actions]
    assert runner.state(request) == "CLOSED"
    assert room.faults() == ()


def test_second_waiting_guest_of_a_role_is_denied(runner: Runner) -> None:
    room = runner.room
    first = file(runner)
    for name in ("gina", "another"):  # all guests together, in one row
        with pytest.raises(TooManyRequests, match=f"{first.request_id} of a guest waits for oper"):
            file(runner, START_B, proposer=guest_proposer(name, "lab"))
    assert [each.fields["subject"] for each in room.desk.database.find_rows(GUESTS, REFUSED)] == [
        GUESTS
    ]
    room.desk.say("reject", first, "anna")
    with pytest.raises(TooManyRequests, match="the same, or a value near it, was rejected 0 s ago"):
        file(runner)
    file(runner, START_B)


def test_guests_block_neither_people_nor_agents(runner: Runner) -> None:
    room = runner.room
    guests = file(runner, START_B)
    start = {"commands": (command(room.site, START),), "recovery": ()}
    for n in range(5):
        segment = runner.segment(proposal_key=f"proposed by run {n}", **start)
        runner.file(*runner.made(segment))
    for n in range(5):
        room.desk.propose(("PIC-102.sp", 340.0 + n))
    listed = load_listed(room.desk.database, every=False)
    assert [each.request_id for each in listed][-1] == guests.request_id
    room.desk.say("reject", guests, "anna")
    with pytest.raises(TooManyRequests, match="10 requests wait for operator already"):
        file(runner, SETPOINT)


def test_guest_with_an_operators_name_locks_nobody_out(runner: Runner) -> None:
    anna, say = guest_proposer("anna", "anna"), runner.room.desk.say
    assert say("approve", file(runner, proposer=anna), "anna") is RequestState.APPROVED
    assert say("reject", file(runner, START_B, proposer=anna), "anna") is RequestState.REJECTED


@pytest.mark.parametrize(
    "name", ["", " anna", "x" * 65, "anna”, a person", 'a"', "\u202eanna", "\u0430nna", "a\nb"]
)
def test_guest_name_that_could_deceive_is_refused(name: str) -> None:
    with pytest.raises(InvalidArguments, match="a guest's name has 1 to 64 visible ASCII"):
        guest_proposer(name, "lab")
    with pytest.raises(InvalidArguments, match="a guest's model has"):
        guest_proposer("x", "lab", name)


def test_guest_request_is_no_way_for_others(runner: Runner) -> None:
    room = runner.room
    agents, _ = runner.made(runner.segment())
    for request in (agents, room.desk.request([START])[0]):
        with pytest.raises(PermitRefused, match="is no request of a guest"):
            runner.make(FileGuestRequest(request=request))
    guests, _ = made(runner, START)
    with pytest.raises(PermitRefused, match="is no request of a run"):
        runner.make(FileSegment(request=guests))
    with pytest.raises(GuardrailError):  # signed by a person
        room.desk.file(guests)
    said: dict[str, Any] = guests.model_dump(by_alias=True, exclude_none=True)
    with pytest.raises(ValueError, match="the proposal key of a guest"):
        ActionRequest.model_validate(said | {"proposal_key": agents.proposal_key})
    with pytest.raises(ValueError, match="only a person has a key"):
        ActionRequest.model_validate(said | {"proposer": said["proposer"] | {"key_id": "k"}})


def test_guest_request_for_a_runs_equipment_is_refused(runner: Runner) -> None:
    opening = OpenRun(run_id=RUN.run_id, playbook=RUN.playbook, assets=("P-101A",), body={})
    runner.make(opening)
    with pytest.raises(PermitRefused, match=f"{RUN.run_id} owns its equipment"):
        file(runner, START)
    file(runner, START_B)


async def test_guest_request_needs_the_agents_authority(runner: Runner) -> None:
    room = runner.room
    waiting = file(runner)
    take_authority(room.desk.database, room.site, "PUMPS-101", "OPERATOR", "carl", room.clock.now())
    assert runner.state(waiting) == "INVALIDATED"
    with pytest.raises(InterlockActive, match="PUMPS-101 is OPERATOR"):
        file(runner)


def test_denied_guest_request_is_filed_as_denied(runner: Runner) -> None:
    request = file(runner, ("PIC-102.sp", 599.0))
    assert runner.state(request) == "DENIED"
    with pytest.raises(PermitRefused, match="is no request of a run"):
        runner.make(EndRequest(request_id=request.request_id, reason="x"))
