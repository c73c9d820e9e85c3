"""What looks the same and is not: numbers, letters, keys that stand twice, an object that moved."""

from collections.abc import Mapping
from math import inf, nan

import pytest
from pydantic import ValidationError

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason, Signed
from handwheel.tools.requests.canonical import canonical, parse_canonical, signed_bytes
from handwheel.tools.requests.request import ActionRequest

from ...attacks.cases import tried
from ...attacks.sql_shell import write_text
from ...sites.people import key_of
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

MODE = ("P-101A.mode", 0)
NO_VALUE = "it is no value that a"
Case = tuple[tuple[str, Value], Value, str]
NUMBERS: Mapping[str, Case] = {
    "a bool": (START, True, ""),
    "a float": (SETPOINT, 360.0, ""),
    "a number of an enumeration": (MODE, 0, ""),
    "1 for true": (START, 1, f"{NO_VALUE} bool"),
    "1.0 for true": (START, 1.0, f"{NO_VALUE} bool"),
    "the word true": (START, "true", f"{NO_VALUE} bool"),
    "a whole number for a float": (SETPOINT, 360, "gives other bytes"),
    "true for a number": (SETPOINT, True, f"{NO_VALUE} float"),
    "a text for a number": (SETPOINT, "360.0", f"{NO_VALUE} float"),
    "0.0 for 0": (MODE, 0.0, f"{NO_VALUE} enum"),
    "-0.0 for 0": (MODE, -0.0, f"{NO_VALUE} enum"),
    "false for 0": (MODE, False, f"{NO_VALUE} enum"),
}


@pytest.mark.parametrize(
    ("write", "value", "reason"), tried(NUMBERS, dict.fromkeys(NUMBERS, "C13"))
)
async def test_a_number_of_another_type_is_not_the_one_that_was_filed(
    room: Watched, write: tuple[str, Value], value: Value, reason: str
) -> None:
    draft = parse_canonical(room.desk.request([write])[0].text)
    draft["commands"][0]["value"] = value
    request = ActionRequest.model_validate(draft)
    people = ["anna", "bert"][: request.quorum]
    room.desk.file(request)
    room.desk.approve(request, *people)
    room.note(request, *people)
    await room.act()
    room.expect(request, "INVALIDATED" if reason else "VERIFIED", part=reason, frames=not reason)


@pytest.mark.way_in("C13")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        (SETPOINT[0], nan), (SETPOINT[0], inf), (SETPOINT[0], True), (SETPOINT[0], "360.0"),
        (START[0], 1), (START[0], 1.0), (START[0], "true"), (MODE[0], False), (MODE[0], 0.5),
        (MODE[0], 7),
    ],
)  # fmt: skip
async def test_what_is_no_value_of_the_tag_is_not_filed(
    room: Watched, name: str, value: Value
) -> None:
    with pytest.raises(HandwheelError):
        room.desk.propose((name, value))
    assert room.rows("request.filed") == []
    await room.go_through()


@pytest.mark.way_in("C13")
@pytest.mark.parametrize(
    ("write", "held"),
    [((SETPOINT[0], 330.1), 330.1000061035156), ((SETPOINT[0], 360), 360.0), ((MODE[0], -0.0), 0)],
)
async def test_what_is_approved_is_the_number_that_the_device_holds(
    room: Watched, write: tuple[str, Value], held: Value
) -> None:
    request = room.desk.propose(write)
    (command,) = request.commands
    assert repr(command.value) == repr(held)
    people = ["anna", "bert"][: request.quorum]
    room.desk.approve(request, *people)
    room.note(request, *people)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED"]
    assert room.wires == [command.wire]
    assert repr(room.plant.values[write[0]]) == repr(held)


@pytest.mark.way_in("C14")
@pytest.mark.parametrize(
    "twice",
    ['"value":false,"value":true', '"value":true,"value":false', '"value":true,"value":true'],
)
async def test_a_request_in_which_a_key_stands_twice_is_none(room: Watched, twice: str) -> None:
    request = room.approved(START)
    text = request.text.replace('"value":true', twice)
    assert text.count('"value":') > request.text.count('"value":')
    write_text(room.site.state, request.request_id, text)
    await room.act()
    assert room.plant.frames == []
    assert room.rows("action.CLAIMED") == []
    (ended,) = room.rows("action.INVALIDATED")
    assert "damaged" in str(ended["reason"])
    await room.go_through()
    write_text(room.site.state, request.request_id, request.text)
    await room.act()
    assert len(room.plant.frames) == 1  # it stays ended


@pytest.mark.way_in("C14")
async def test_a_decision_in_which_a_key_stands_twice_is_none(room: Watched) -> None:
    request = room.desk.propose(START)
    room.note(request)
    text = room.desk.signed("reject", request, "anna").text
    twice = text.replace('"verdict":"reject"', '"verdict":"reject","verdict":"approve"')
    forged = Signed(twice, key_of("anna").sign(signed_bytes("decision", twice)).hex())
    with pytest.raises(DecisionRefused, match=str(Reason.NOT_CANONICAL)):
        decide(room.desk.decision_context, forged, room.desk.card(request), room.clock.now())
    assert str(Reason.NOT_CANONICAL) in room.rows("decision.refused")[-1]["reason"]
    await room.act()
    assert (room.desk.states(request), room.plant.frames) == (["PLANNED"], [])
    await room.go_through()


ALIKE = {
    "a Cyrillic letter": "P-101А.run_cmd",
    "a full-width digit": "P-１01A.run_cmd",
    "no width": "P-101A\u200b.run_cmd",
    "a soft hyphen": "P-\u00ad101A.run_cmd",
    "a joined letter": "P-101A\u0301.run_cmd",
    "another hyphen": "P\u2010101A.run_cmd",
    "a blank": "P-101A.run_cmd ",
    "small letters": "p-101a.run_cmd",
}


@pytest.mark.way_in("C15")
@pytest.mark.parametrize("name", ALIKE.values(), ids=ALIKE)
async def test_letters_that_look_alike_make_no_tag(room: Watched, name: str) -> None:
    """Neither asked for, nor put into the ledger by somebody, under people's signatures."""
    with pytest.raises(HandwheelError):
        room.site.find_tags([name])
    draft = parse_canonical(room.desk.request([START])[0].text)
    for each in (draft["commands"][0], *draft["commands"][0]["expected"]):
        each["tag"] = name
    text = canonical(draft)
    try:
        request = ActionRequest.model_validate(parse_canonical(text))
    except ValidationError:
        request = None
    if request is not None:
        room.desk.file(request)
        room.desk.approve(request)
        room.note(request, "anna")
        await room.act()
        room.expect(request, "INVALIDATED", part="no tag of this site")
    assert room.plant.frames == []
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
