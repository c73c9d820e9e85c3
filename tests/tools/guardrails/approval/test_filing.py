"""A write becomes a request: values coerced, bytes encoded, the present written down."""

import json
import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, UNCERTAIN_LAST_USABLE, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.errors import InterlockActive, InvalidArguments
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.cards.class_reason import class_reason
from handwheel.tools.guardrails.signatures.request_class import RequestClass
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.proposer import Proposer, agent_proposer
from handwheel.tools.requests.request import ActionRequest, parse_request

from ....plants.fault_injection import Fuse
from ....plants.in_memory import MemoryPlant
from ....sites.in_memory import VALUES
from ....sites.people import key_id
from ....sites.signed_requests import NOW

PROPOSER = Proposer(kind="person", name="gina", key_id=key_id("gina"))


def _proposed(context: BuildContext, *writes: tuple[str, Value]) -> list[ProposedWrite]:
    return [ProposedWrite(context.site.tags[name], value) for name, value in writes]


def _survey(
    context: BuildContext, proposed: list[ProposedWrite], present: Mapping[str, Value] = {}
) -> Survey:
    plant = MemoryPlant(context.site, Fuse(), {**VALUES, **present})
    return plant.survey(tags_to_survey(context, proposed), [write.tag for write in proposed])


def _made(
    context: BuildContext, *writes: tuple[str, Value], present: Mapping[str, Value] = {}
) -> tuple[ActionRequest, Denial | None]:
    proposed = _proposed(context, *writes)
    locks = dict.fromkeys(scopes(context.site, proposed), 0)
    survey = _survey(context, proposed, present)
    return make_request(context, proposed, survey, PROPOSER, "because", locks, NOW)


def test_a_set_point_is_fixed_as_the_device_will_hold_it(context: BuildContext) -> None:
    request, denial = _made(context, ("PIC-102.sp", 340.1))
    action = request.commands[0]
    assert denial is None
    assert action.value == pytest.approx(340.1)
    assert action.value != 340.1  # a Float of 32 bits
    assert (action.shown, action.unit, action.type) == ("340.1000061035156", "kPa", "float")
    assert action.wire == "01" + "10000a000204" + "43aa0ccd"
    assert action.address == "holding 10 float32"
    assert action.identity.where == "modbus://127.0.0.1:5031/1"
    assert (action.readback, action.within_s) == ("PIC-102.sp", 0.01)
    assert (request.risk_class, request.roles, request.quorum) == ("R1", ("operator",), 1)
    assert request.within_s == 1800.0
    assert request.filed_at == "2026-11-25T08:50:25.000Z"
    assert request.hashes.model_dump() == context.site.hashes
    assert request.locks == {"site": 0, "PIC-102": 0}


def test_several_writes_expect_what_is_there_and_take_the_strictest_rule(
    context: BuildContext,
) -> None:
    writes = ("PIC-102.sp", 360.0), ("P-101A.run_cmd", True), ("P-101A.mode", 0.0)
    read = [tag.name for tag in tags_to_survey(context, _proposed(context, *writes[1:2]))]
    assert read == ["P-101A.mode", "P-101A.run_cmd", "PT-102.pv"]
    request, denial = _made(context, *writes)
    assert denial is None
    # The rule of the mode is not commissioned.
    assert (request.risk_class, request.quorum) == ("R3", 2)
    setpoint, start, mode = (action.expected[0] for action in request.commands)
    assert (setpoint.tag, setpoint.value, setpoint.shown) == ("PIC-102.sp", 350.0, "350")
    assert setpoint.tolerance == pytest.approx(12.0)  # 2 % of 0 to 600 kPa
    assert setpoint.max_age_s == 2.0  # three scans of 50 ms are less
    assert (start.value, start.shown, start.tolerance) == (False, "false", None)
    coerced = request.commands[2]
    assert (type(coerced.value), coerced.value, coerced.shown) == (int, 0, "local")
    assert mode.tag == "P-101A.mode"
    outside, _ = _made(context, ("PIC-102.sp", 410.0))
    assert (outside.risk_class, outside.quorum) == ("R2", 1)
    both, _ = _made(context, ("P-101A.run_cmd", True), ("P-101B.run_cmd", True))
    needed = [[each.text for each in action.requires] for action in both.commands]
    assert needed == [["P-101A.mode == 'remote'"], []]  # of the equipment that says so
    assert list(both.locks) == ["site", "PUMPS-101", "P-101A", "P-101B"]
    assert [each.action_id for each in both.commands] == [
        f"{both.request_id}/c1", f"{both.request_id}/c2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        ("PIC-102.sp", 360.0, r"policy\.yaml:\d+ sets it for PIC-102\.sp"),
        ("PIC-102.sp", 410.0, r"PIC-102\.sp 410 kPa lies outside the normal band 320 \.\. 380 kPa"),
        ("P-101A.run_cmd", True, r"policy\.yaml:\d+ sets it for P-101A\.run_cmd"),
        ("P-101A.mode", 0.0, r"policy\.yaml:\d+ is not commissioned"),
    ],
)
def test_the_class_of_a_request_has_its_reason_in_words(
    context: BuildContext, tag: str, value: Value, reason: str
) -> None:
    request, _ = _made(context, (tag, value))
    found = RequestClass(request.risk_class, request.quorum, "")
    assert re.fullmatch(reason, class_reason(context.policy, context.site.tags, request, found))


def test_the_class_of_a_safe_state_is_told_as_its_own(context: BuildContext) -> None:
    request, _ = _made(context, ("PIC-102.sp", 410.0))
    safe = tuple(each.model_copy(update={"kind": "recovery"}) for each in request.commands)
    request = request.model_copy(update={"commands": (), "recovery": safe})
    found = RequestClass(request.risk_class, request.quorum, "")
    text = class_reason(context.policy, context.site.tags, request, found)
    assert text.startswith("the safe state's PIC-102.sp 410 kPa lies outside the normal band")


def test_what_the_policy_denies_is_made_with_the_reason(context: BuildContext) -> None:
    limits, across = "PIC-102.sp: 430 lies outside the limits", "no-overpressure: PT-102.pv < 500"
    for writes, pressure, words in [
        ([("PIC-102.sp", 430.0)], 349.0, [limits]),
        ([("PIC-102.sp", 360.0)], 500.0, [across, "is false now"]),
        ([("PIC-102.sp", 430.0), ("P-101B.reset", True)], 510.0, [limits, across]),
    ]:
        _, denial = _made(context, *writes, present={"PT-102.pv": pressure})
        assert all(word in str(denial) for word in words), denial


def test_nothing_is_written_from_a_value_that_is_not_good(context: BuildContext) -> None:
    proposed = _proposed(context, ("PIC-102.sp", 360.0))
    survey = _survey(context, proposed)
    for status in [UNCERTAIN_LAST_USABLE, BAD_SENSOR_FAILURE]:
        reading = survey.readings["PIC-102.sp"].with_status(status)
        bad = replace(survey, readings={**survey.readings, "PIC-102.sp": reading})
        with pytest.raises(
            InterlockActive, match=f"relied on: {status.name}; nothing was submitted"
        ):
            make_request(context, proposed, bad, PROPOSER, "because", {}, NOW)
    missing = replace(survey, readings={"PT-102.pv": survey.readings["PT-102.pv"]})
    with pytest.raises(InterlockActive, match="missing"):
        make_request(context, proposed, missing, PROPOSER, "because", {}, NOW)


def test_a_request_writes_each_tag_once_and_only_tags_for_writing(context: BuildContext) -> None:
    for writes, reason in (
        ([("PT-102.pv", 1.0)], r"PT-102\.pv cannot be written at this site"),
        ([("PIC-102.sp", 350.0), ("PIC-102.sp", 360.0)], "writes each tag once"),
    ):
        with pytest.raises(InvalidArguments, match=reason):
            tags_to_survey(context, _proposed(context, *writes))


def test_a_value_that_does_not_fit_its_tag_is_refused(context: BuildContext) -> None:
    cases: list[tuple[str, Value]] = [
        ("PIC-102.sp", float("nan")),
        ("PIC-102.sp", 1e300),
        ("PIC-102.sp", True),
        ("P-101A.run_cmd", 1),
        ("P-101A.mode", 7),
        ("P-101A.mode", 1.5),
    ]
    for tag, value in cases:
        with pytest.raises(InvalidArguments, match=f"^{re.escape(tag)}: "):
            _made(context, (tag, value))


@pytest.fixture(scope="module")
def request_(context: BuildContext) -> ActionRequest:
    return _made(context, ("PIC-102.sp", 340.1), ("P-101B.reset", True))[0]


def _edited(request: ActionRequest, *path: str | int, to: object) -> str:
    document = json.loads(request.text)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_what_is_no_request_is_refused(request_: ActionRequest) -> None:
    cases: list[tuple[tuple[str | int, ...], object]] = [
        (("commands", 0, "note"), "look here"),
        (("schema",), "request/2"),
        (("request_id",), "R-7K3MQ2XA"),
        (("commands",), []),
        (("commands", 0, "action_id"), "R-7K3MQ2XA/c1"),
        (("commands", 0, "kind"), "recovery"),
        (("commands", 0, "wire"), "0110000A"),
        (("commands", 0, "within_s"), 0.0),
        (("quorum",), 3),
        (("filed_at",), "2026-11-25T08:50:25Z"),
        (("risk_class",), "R5"),
        (("reason",), ""),
        (("hashes", "policy"), ""),
        (("locks", "site"), None),
        (("proposer", "kind"), "script"),
    ]
    for path, to in cases:
        with pytest.raises(ValueError, match=r"."):
            parse_request(_edited(request_, *path, to=to))


def test_an_agent_is_named_by_its_process(request_: ActionRequest) -> None:
    rules, composed = agent_proposer("agents"), agent_proposer("planner", "a-model", "5e" * 32)
    assert rules.os_user == composed.os_user == pwd.getpwuid(os.geteuid()).pw_name
    assert (composed.name, composed.model, composed.prompt_hash) == (
        "planner",
        "a-model",
        "5e" * 32,
    )
    assert rules.model_dump(exclude_none=True).keys() == {"kind", "name", "os_user"}
    assert "os_user" not in request_.text  # as rows from before have it


def test_an_edit_is_another_request_with_another_digest(request_: ActionRequest) -> None:
    again = parse_request(request_.text)
    assert (again, again.text, again.digest) == (request_, request_.text, request_.digest)
    assert request_.digest == digest("request", request_.text)
    edited = parse_request(_edited(request_, "reason", to="another"))
    assert edited.digest != request_.digest
    with pytest.raises(ValueError, match="canonical"):
        parse_request(request_.text + " ")
    with pytest.raises(ValueError, match="canonical"):
        parse_request(json.dumps(json.loads(request_.text)))
    with pytest.raises(ValueError, match="stands twice"):
        parse_request(request_.text.replace("{", '{"quorum":1,', 1))
