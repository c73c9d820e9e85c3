"""A segment of a run becomes a request: commands, what takes them back, and safe states."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.conditions.errors import ConditionError
from handwheel.tools.errors import InterlockActive, InvalidArguments
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.segment import Segment
from handwheel.tools.guardrails.signatures.decisions import meaning_of
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest, Requirement, parse_request

from ....gate.testbed.runner import (
    AGENT,
    EVIDENCE,
    RUN,
    SAFE,
    SETPOINT,
    SETPOINT_BACK,
    START,
    START_BACK,
    command,
    needs,
    recovery,
    segment_of,
)
from ....plants.fault_injection import Fuse
from ....plants.in_memory import MemoryPlant
from ....sites.in_memory import VALUES, build_context, make_site
from ....sites.signed_requests import NOW


def _survey(context: BuildContext, segment: Segment) -> Survey:
    plant = MemoryPlant(context.site, Fuse(), VALUES)
    return plant.survey(tags_of_segment(context, segment), [each.tag for each in segment.writes])


def _made(context: BuildContext, segment: Segment) -> tuple[ActionRequest, Denial | None]:
    locks = dict.fromkeys(scopes_of_segment(context.site, segment), 0)
    return make_segment(context, segment, _survey(context, segment), AGENT, locks, NOW)


def test_commands_and_what_takes_them_back_name_each_other(context: BuildContext) -> None:
    request, denial = _made(context, segment_of(context.site))
    assert denial is None
    name = request.request_id
    assert [(each.action_id, each.kind, each.undo, each.undoes) for each in request.actions] == [
        (f"{name}/c1", "command", f"{name}/r2", None),
        (f"{name}/c2", "command", f"{name}/r1", None),
        (f"{name}/r1", "recovery", None, f"{name}/c2"),
        (f"{name}/r2", "recovery", None, f"{name}/c1"),
        (f"{name}/r3", "recovery", None, None),
    ]
    expected = [[(each.tag, each.value) for each in action.expected] for action in request.actions]
    assert expected == [
        [("P-101A.run_cmd", False)], [("PIC-102.sp", 350.0)], [("PIC-102.sp", 360.0)],
        [("P-101A.run_cmd", True)], [],
    ]  # fmt: skip
    assert [each.step for each in request.actions] == ["start", "set", "back", "back", "back"]
    assert (request.run, request.evidence, request.proposer) == (RUN, (EVIDENCE,), AGENT)
    assert parse_request(request.text) == request
    assert "and to roll it back: PIC-102.sp = 350 kPa" in meaning_of("approve", request)


def test_requirements_roles_and_time_are_added_to_the_sites(context: BuildContext) -> None:
    site = context.site
    first = command(
        site, START, requires=needs("PT-102.pv > 1 kPa"), promises=("P-101A runs",),
        reads=(site.tags["PT-102.pv"],),
    )  # fmt: skip
    back = replace(recovery(site, START_BACK, 0), requires=needs("P-101B.run_cmd == true"))
    segment = segment_of(
        site, commands=(first,), recovery=(back,), roles=("shift-supervisor",), within_s=60.0
    )
    request, _ = _made(context, segment)
    remote = Requirement(text="P-101A.mode == 'remote'", why="remote_when")
    command_, undo = request.actions
    assert command_.requires == (remote, *needs("PT-102.pv > 1 kPa"))
    assert undo.requires == (remote, *needs("P-101B.run_cmd == true"))
    assert command_.promises == ("P-101A runs",)
    assert [each.tag for each in command_.expected] == ["P-101A.run_cmd", "PT-102.pv"]
    assert (request.roles, request.within_s) == (("operator", "shift-supervisor"), 60.0)
    names = {tag.name for tag in tags_of_segment(context, segment)}
    assert names >= {"PT-102.pv", "P-101A.mode", "P-101B.run_cmd"}
    assert _made(context, replace(segment, within_s=9e9))[0].within_s == 1800.0


def test_recovery_counts_for_class_quorum_locks_and_denial(context: BuildContext) -> None:
    site = context.site
    mode = recovery(site, ("P-101A.mode", 0))
    segment = segment_of(site, commands=(command(site, SETPOINT),), recovery=(mode,))
    request, _ = _made(context, segment)
    assert (request.risk_class, request.quorum) == ("R3", 2)
    assert {"P-101A", "PIC-102", "PUMPS-101", "site"} <= set(request.locks)
    too_high = recovery(site, ("PIC-102.sp", 430.0))
    request, denial = _made(context, segment_of(site, recovery=(too_high,)))
    assert "PIC-102.sp: 430 lies outside the limits" in str(denial)
    assert request.risk_class == "R4"


def test_a_safe_state_is_written_from_anywhere(tmp_path: Path) -> None:
    make_site(tmp_path)
    policy = tmp_path / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("cooldown: 20 s", "max_step: 20 kPa"), encoding="utf-8")
    context = build_context(load_site(tmp_path))
    site, far = context.site, ("PIC-102.sp", 300.0)
    start = (command(site, START),)
    safe = segment_of(site, commands=start, recovery=(recovery(site, far),))
    assert _made(context, safe)[1] is None
    for expects, reason in ((350.0, "a step of 50 kPa"), (310.0, "None")):
        undo = recovery(site, far, "R-00000000/c1", expects=expects)
        segment = segment_of(site, commands=start, recovery=(undo,))
        assert reason in str(_made(context, segment)[1])


def test_a_safe_state_may_be_asked_for_though_its_tag_cannot_be_read(context: BuildContext) -> None:
    segment = segment_of(context.site)
    survey = _survey(context, segment)

    def blind(tag: str) -> Survey:
        reading = survey.readings[tag].with_status(BAD_SENSOR_FAILURE)
        return replace(survey, readings={**survey.readings, tag: reading})

    assert make_segment(context, segment, blind("P-101B.run_cmd"), AGENT, {}, NOW)[1] is None
    with pytest.raises(InterlockActive, match=r"P-101A\.run_cmd cannot be relied on"):
        make_segment(context, segment, blind("P-101A.run_cmd"), AGENT, {}, NOW)


def test_recovery_that_takes_back_nothing_is_refused(context: BuildContext) -> None:
    cases: list[tuple[tuple[str, Value], int | str | None, Any, str]] = [
        (START_BACK, 2, None, "there is no command 2 left to undo"),
        (START_BACK, 1, None, "P-101A.run_cmd does not undo PIC-102.sp"),
        (START_BACK, "R-00000000/c1", None, "an undo, and only that, expects what was written"),
        (SAFE, None, True, "an undo, and only that, expects what was written"),
        (("P-101B.run_cmd", 1), None, None, "P-101B.run_cmd: "),
    ]
    for write, undoes, expects, reason in cases:
        back = recovery(context.site, write, undoes, expects=expects)
        with pytest.raises(InvalidArguments, match=reason):
            _made(context, segment_of(context.site, recovery=(back,)))


def test_commands_write_a_tag_once_and_recovery_as_often_as_it_must(context: BuildContext) -> None:
    site = context.site
    twice = (command(site, SETPOINT), command(site, ("PIC-102.sp", 340.0)))
    with pytest.raises(InvalidArguments, match="writes each tag once"):
        tags_of_segment(context, segment_of(site, commands=twice))
    undo = recovery(site, SETPOINT_BACK, 1)
    again = recovery(site, ("PIC-102.sp", 340.0))
    assert _made(context, segment_of(site, recovery=(undo, again)))[1] is None
    with pytest.raises(InvalidArguments, match="no command 1 left to undo"):
        _made(context, segment_of(site, recovery=(undo, undo)))
    unreadable = replace(undo, requires=needs("nothing at all"))
    with pytest.raises(ConditionError):
        tags_of_segment(context, segment_of(site, recovery=(unreadable,)))


def _edited(request: ActionRequest, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = parse_canonical(request.text)
    return document | changes


def test_what_is_no_request_of_a_run_or_a_person_is_refused(context: BuildContext) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"proposer": {"kind": "agent", "name": "x", "key_id": "k"}}, "only a person has a key"),
        ({"run": None}, "an agent asks for a run"),
        ({"run": RUN.model_dump() | {"run_id": "U-short"}}, "run_id"),
        ({"run": RUN.model_dump() | {"max_duration_s": 0.0}}, "max_duration_s"),
        ({"evidence": [EVIDENCE.model_dump() | {"side": "maybe"}]}, "side"),
    ]
    request, _ = _made(context, segment_of(context.site))
    for change, reason in cases:
        with pytest.raises(ValueError, match=reason):
            ActionRequest.model_validate(_edited(request, **change))
    person = {"proposer": {"kind": "person", "name": "gina", "key_id": "k"}, "run": None}
    mores: list[tuple[dict[str, Any], str]] = [
        ({}, "only a run has evidence"),
        ({"evidence": []}, "recovery only with a lease"),
        ({"evidence": [], "lease": {"for_s": 60.0}}, "undoes what was written, and nothing else"),
    ]
    for more, reason in mores:
        draft = _edited(request, **person) | more
        with pytest.raises(ValueError, match=reason):
            ActionRequest.model_validate(draft)
    for list_, change, reason in [
        ("commands", {"undoes": "R-00000000/c1"}, "a command undoes nothing"),
        ("commands", {"undo": "r9"}, "do not name each other"),
        ("recovery", {"undo": "r9"}, "nothing undoes a recovery"),
        ("recovery", {"undoes": f"{request.request_id}/c1"}, "two actions undo the same command"),
        ("recovery", {"undoes": f"{request.request_id}/c3"}, "do not name each other"),
    ]:
        draft = _edited(request)
        draft[list_][0] |= change
        with pytest.raises(ValueError, match=reason):
            ActionRequest.model_validate(draft)
