"""What people signed without understanding it, and what was recorded past every check."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.signatures.decisions import Reason, Signed, parse_decision
from handwheel.tools.requests.request import ActionRequest

from ...attacks.past_the_checks import force_approvals, record_decision
from ..flood.flood import altered
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

Change = Callable[[dict[str, Any]], object]
MODE = ("P-101A.mode", 0)


def untouched(draft: dict[str, Any]) -> None:
    """The twin: nothing is made up."""


def command(**fields: Any) -> Change:
    return lambda draft: draft["commands"][0].update(fields)


def top(**fields: Any) -> Change:
    return lambda draft: draft.update(fields)


def expects(tag: str, value: Value, **fields: Any) -> Change:
    more = {"tag": tag, "value": value, "shown": "", "max_age_s": 0.1, **fields}
    return lambda draft: draft["commands"][0]["expected"].append(more)


@pytest.mark.parametrize(
    ("write", "change", "people", "reason"),
    [
        (START, untouched, ["anna"], ""),
        (START, top(risk_class="R4"), ["anna"], "the class is R4"),
        (MODE, top(quorum=1), ["anna"], "it is R3 by now, and more must sign"),
        (START, expects("X-9.pv", 1.0), ["anna"], "X-9.pv is expected, and no tag of this site"),
        (START, expects("PIC-102.sp", 350.0), ["anna"], ""),
        (START, expects("PIC-102.sp", 351.0), ["anna"], "PIC-102.sp reads 350 kPa;"),
        # As a number true is 1, and so near enough to 5; but it is none.
        (START, expects("PT-102.pv", 4.0, tolerance=12.0), ["anna"], ""),
        (START, expects("PT-102.pv", True, tolerance=12.0), ["anna"], "PT-102.pv reads 5 kPa;"),
        # The bytes are right, and the number is none that the device can hold.
        (("PIC-102.sp", 360.1), untouched, ["anna"], ""),
        (("PIC-102.sp", 360.1), command(value=360.1, shown="360.1"), ["anna"], "gives other"),
    ],
)
async def test_what_was_made_up_moves_nothing_though_people_sign_it(
    room: Watched, write: tuple[str, Value], change: Change, people: list[str], reason: str
) -> None:
    room.plant.values["PT-102.pv"] = 5.0
    request = altered(room.desk.request([write])[0], change)
    assert request.quorum == len(people)
    room.signed_through(request)
    await room.act()
    room.expect(request, "INVALIDATED" if reason else "VERIFIED", part=reason, frames=not reason)


async def forced_through(
    room: Watched, request: ActionRequest, *words: Signed, people: Sequence[str]
) -> None:
    """Records what people signed of a request past every check, and says that it is due."""
    for signed in words:
        is_proposal = parse_decision(signed.text).verdict == "propose"
        card = None if is_proposal else room.desk.card(request)
        record_decision(room.desk.database, room.clock.now(), request.request_id, signed, card)
    room.note(request, *people)
    assert force_approvals(room.desk.database, room.clock.now())
    await room.act()


@pytest.mark.parametrize(
    ("by", "reason"), [("gina", ""), ("anna", "gina has not signed the request that names them")]
)
async def test_a_proposal_that_somebody_else_has_signed_is_none(
    room: Watched, by: str, reason: str
) -> None:
    request, _ = room.desk.request([START])
    room.force_filed(request)
    words = [room.desk.signed("propose", request, by), room.desk.signed("approve", request, "bert")]
    await forced_through(room, request, *words, people=["bert"])
    room.expect(request, "INVALIDATED" if reason else "VERIFIED", part=reason)


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        (["anna", "bert"], ""),
        (["anna", "anna"], f"anna: {Reason.SAME_PERSON}"),
        (["anna", "gina"], f"gina: {Reason.OWN_REQUEST}"),
    ],
    ids=["two people", "one person twice", "who asked for it"],
)
async def test_two_rows_are_not_two_people(room: Watched, people: list[str], reason: str) -> None:
    """Two must sign: the rule is not commissioned the mode. Each row has its own good signature."""
    request, _ = room.desk.request([MODE])
    assert request.quorum == 2
    room.force_filed(request)
    words = [room.desk.signed("propose", request, "gina")]
    words += [room.desk.signed("approve", request, person) for person in people]
    await forced_through(room, request, *words, people=people)
    state = "INVALIDATED" if reason else "VERIFIED"
    room.expect(request, state, part=reason, frames=not reason)
    assert (Reason.QUORUM_NOT_MET in room.reason(request)) == bool(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({}, ""), ({"head": "f" * 64}, "seen when signing is not this one")],
    ids=["this ledger", "another ledger"],
)
async def test_an_approval_in_view_of_another_ledger_moves_nothing(
    room: Watched, changes: dict[str, Any], reason: str
) -> None:
    """A decision from an old copy of the ledger, put into this one by hand."""
    request = room.desk.propose(START)
    signed = room.desk.signed("approve", request, "anna", **changes)
    await forced_through(room, request, signed, people=["anna"])
    state = "INVALIDATED" if reason else "VERIFIED"
    room.expect(request, state, part=reason, frames=not reason)


async def test_a_decision_that_ends_before_the_claim_starts_nothing(room: Watched) -> None:
    """What is in time for the first command is so for all."""
    both, late = room.desk.propose(START, START_B), room.desk.propose(SETPOINT)
    for request in (both, late):
        signed_at = parse_decision(room.desk.signed("approve", request, "anna").text).signed_at
        valid_until = signed_at[:17] + f"{int(signed_at[17:19]) + 5:02d}" + signed_at[19:]
        signed = room.desk.signed("approve", request, "anna", valid_until=valid_until)
        decide(room.desk.decision_context, signed, room.desk.card(request), room.clock.now())
        room.note(request, "anna")
    room.clock.forward(4.0)
    await room.act()
    room.clock.forward(2.0)
    await room.act(2)
    assert room.desk.states(both) == ["VERIFIED", "VERIFIED"]
    room.expect(late, "INVALIDATED", part="expired")


async def test_a_clock_that_runs_back_on_both_sides_starts_nothing(room: Watched) -> None:
    request = await room.carried_out(START, START_B)
    room.clock.forward(-5.0)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]
