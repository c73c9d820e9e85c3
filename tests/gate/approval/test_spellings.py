"""What looks the same and is not: numbers, keys that stand twice, an object that moved."""

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason
from handwheel.tools.requests.canonical import parse_canonical, signed_bytes
from handwheel.tools.requests.request import ActionRequest

from ...sites.people import key_of
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from ..testbed.words import decide

MODE = ("P-101A.mode", 0)
NO_VALUE = "it is no value that a"
NUMBERS: Sequence[tuple[tuple[str, Value], Value, str]] = (
    (START, 1, f"{NO_VALUE} bool"),
    (START, 1.0, f"{NO_VALUE} bool"),
    (START, "true", f"{NO_VALUE} bool"),
    (SETPOINT, 360, "gives other bytes"),
    (SETPOINT, True, f"{NO_VALUE} float"),
    (SETPOINT, "360.0", f"{NO_VALUE} float"),
    (MODE, 0.0, f"{NO_VALUE} enum"),
    (MODE, -0.0, f"{NO_VALUE} enum"),
    (MODE, False, f"{NO_VALUE} enum"),
    (START, True, ""),
    (SETPOINT, 360.0, ""),
    (MODE, 0, ""),
)


@pytest.mark.way_in("C13")
async def test_a_number_of_another_type_is_not_the_one_that_was_filed(room: Watched) -> None:
    for write, value, reason in NUMBERS:
        draft = parse_canonical(room.desk.request([write])[0].text)
        draft["commands"][0]["value"] = value
        request = ActionRequest.model_validate(draft)
        room.signed_through(request)
        await room.act()
        room.expect(request, "INVALIDATED" if reason else "VERIFIED", part=reason)
    assert len(room.plant.frames) == 3


@pytest.mark.way_in("C13")
@pytest.mark.way_in("G4")
async def test_what_is_approved_is_the_number_that_the_device_holds(room: Watched) -> None:
    for name, value, held in (
        (SETPOINT[0], 330.1, 330.1000061035156), (SETPOINT[0], 360, 360.0), (MODE[0], -0.0, 0),
    ):  # fmt: skip
        request, _ = room.desk.request([(name, value)])
        (command,) = request.commands
        assert repr(command.value) == repr(held)
        room.signed_through(request)
        await room.act()
        room.expect(request, "VERIFIED")
        assert room.wires[-1] == command.wire
        assert repr(room.plant.values[name]) == repr(held)
        room.clock.forward(21.0)


@pytest.mark.way_in("C14")
async def test_a_decision_in_which_a_key_stands_twice_is_none(room: Watched) -> None:
    request = room.desk.propose(START)
    room.note(request)
    text = room.desk.signed("reject", request, "anna").text
    twice = text.replace('"verdict":"reject"', '"verdict":"reject","verdict":"approve"')
    signature = key_of("anna").sign(signed_bytes("decision", twice)).hex()
    forged = Signed(text=twice, signature=signature)
    with pytest.raises(DecisionRefused, match=str(Reason.NOT_CANONICAL)):
        decide(room.desk.decision_context, forged, room.desk.card(request), room.clock.now())
    assert str(Reason.NOT_CANONICAL) in room.rows("decision.refused")[-1]["reason"]
    await room.act()
    assert (room.desk.states(request), room.plant.frames) == (["PLANNED"], [])
    await room.go_through()


@pytest.mark.way_in("C22")
async def test_the_object_that_was_filed_moves_nothing_when_it_is_changed(room: Watched) -> None:
    request = room.desk.propose(START)
    filed = room.desk.record(request.request_id).request
    (command,) = request.commands
    for change in ({"value": False}, {"wire": "010500100000"}, {"tag": START_B[0]}):
        ((name, value),) = change.items()
        with pytest.raises(ValidationError):
            setattr(command, name, value)
        object.__setattr__(command, name, value)
    assert request.commands[0].wire != filed.commands[0].wire
    room.desk.approve(filed)
    room.note(filed, "anna")
    await room.act()
    room.expect(filed, "VERIFIED", "P-101A.run_cmd reads true")
    assert room.wires == [filed.commands[0].wire]
    assert room.faults() == ()
