from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import Episode, Truth, draw_episode
from handwheel.evaluation.benchmark.responding import people
from handwheel.evaluation.benchmark.responding.act import act
from handwheel.evaluation.benchmark.responding.acted import Acted, Asked, SentFrame
from handwheel.evaluation.benchmark.responding.judge_response import judge_response
from handwheel.evaluation.benchmark.responding.people import RespondingPeople
from handwheel.evaluation.benchmark.responding.undisturbed import (
    Harm,
    SharedSimulation,
    Undisturbed,
    leave_alone,
)
from handwheel.evaluation.benchmark.responses import PeopleSpec, ResponseSpec
from handwheel.evaluation.benchmark.run_suites import acting
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial import agents
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario

from ...agents.planning.model.fake_models import FakeEndpoint, planners_with, pooled, said

RESPOND = load_suite("respond")
FAULT = FaultEvent("F03", 100.0, {"rf": 4e-4})
NONE = Harm(False, 0.0)
CUT = ResponseSpec(
    frames={"F.sp": 36.0}, may={"T.sp": (46.0, 48.0)}, orders=["x/cut"], by=["x/test"]
)
LARGE = CUT.model_copy(update={"frames_from": {"rf": 5e-4}})
BACK = CUT.model_copy(update={"last": {"T.sp": 48.0}})
NOTHING = ResponseSpec()


def _acted(*said: str) -> Acted:
    """What has happened, each as `TAG=value@time` or `playbook@time`."""
    acted = Acted(NONE, Undisturbed(NONE, 110.0))
    for each in said:
        what, _, at = each.partition("@")
        tag, is_frame, value = what.partition("=")
        if is_frame:
            acted.frames.append(SentFrame(float(at or 200), tag, float(value)))
        else:
            acted.orders.append(Asked(float(at or 200), what, "a text"))
    return acted


@pytest.mark.parametrize(
    ("response", "said", "outcome"),
    [
        (CUT, ["F.sp=36", "x/cut"], "right"),
        (CUT, ["F.sp=36", "x/cut", "T.sp=46.5", "T.sp=48", "x/test"], "right"),
        (CUT, ["x/cut"], "missed"),
        (LARGE, ["x/cut"], "right"),
        (LARGE, ["F.sp=36", "x/cut"], "right"),
        (BACK, ["F.sp=36", "x/cut"], "right"),
        (BACK, ["F.sp=36", "x/cut", "T.sp=46.5", "T.sp=48"], "right"),
        (BACK, ["F.sp=36", "x/cut", "T.sp=48", "T.sp=46.5"], "missed"),
        (CUT, ["F.sp=36"], "missed"),
        (CUT, ["F.sp=36", "x/cut@90"], "missed"),  # before the fault
        (CUT, ["F.sp=36@90", "x/cut"], "wrong"),
        (CUT, ["F.sp=36", "F.sp=36", "x/cut"], "wrong"),
        (CUT, ["F.sp=36", "T.sp=45", "x/cut"], "wrong"),
        (CUT, ["F.sp=36", "P.run=1", "x/cut"], "wrong"),
        (CUT, ["F.sp=36", "x/cut", "x/other"], "needless"),
        (CUT, ["F.sp=36", "x/cut", "single/F.sp,T.sp"], "right"),
        (CUT, ["F.sp=36", "x/cut", "single/F.sp,P.run"], "needless"),
        (NOTHING, [], "right"),
        (NOTHING, ["x/cut"], "needless"),
        (NOTHING, ["T.sp=48"], "wrong"),
    ],
)
def test_judge_response_by_the_table_gives_the_outcome(
    response: ResponseSpec, said: list[str], outcome: str
) -> None:
    episode = Episode("respond", "p", "F03", 1, (FAULT,), Truth(frozenset()), 100.0, 500.0)
    found = judge_response(episode, _acted(*said), response)
    assert found.outcome == outcome
    assert found.times.symptom_s == 10.0


def test_judge_response_of_a_plant_that_must_ride_and_trips_is_missed() -> None:
    episode = Episode("tep", "p", "IDV6", 1, (FAULT,), Truth(frozenset()), 100.0, 500.0)
    acted = _acted("F.sp=36", "x/cut")
    rides = CUT.model_copy(update={"rides": True})
    assert judge_response(episode, acted, rides).outcome == "right"
    acted.harm = Harm(True, 0.0)
    assert judge_response(episode, acted, CUT).outcome == "right"
    assert judge_response(episode, acted, rides).outcome == "missed"
    acted.harm, acted.trips = NONE, ["I-02 trips P-101A"]
    assert judge_response(episode, acted, rides).outcome == "missed"


def test_suite_tep_lets_nothing_be_done_but_to_the_four_faults_with_a_playbook() -> None:
    suite = load_suite("tep")
    assert suite.file.respond is not None
    responses = suite.file.respond.responses
    assert list(suite.file.cases) == [f"IDV{n}" for n in range(21)]
    assert draw_episode(suite, "IDV0", 1).events == ()
    assert [event.fault for event in draw_episode(suite, "IDV9", 1).events] == ["IDV9"]
    answered = [case for case, each in responses.items() if each.playbooks]
    assert sorted(answered) == ["IDV14", "IDV17", "IDV19", "IDV6"]
    written = [case for case, each in responses.items() if each.frames or each.may]
    assert sorted(written) == ["IDV17", "IDV6"]


def test_people_answer_by_the_fault_only_after_its_onset(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = []

    def note(*args: object) -> None:
        answers.append(str(args[-1]))

    monkeypatch.setattr(people, "make_answer", note)
    spec = PeopleSpec.model_validate({"thinks": ["0 s", "0 s"], "answers": {"glass": "agrees"}})
    case = Mock(is_closed=False, judgement={"diagnosis": {"checks": [{"id": "glass"}]}})
    room = Mock(waiting=(), runs={}, cases={"C1": case})
    episode = Episode("respond", "p", "F07", 1, (FAULT,), Truth(frozenset()), 100.0, 500.0)
    for room.now_s in (90.0, 110.0):
        RespondingPeople(room, episode, spec, {"glass": "differs"}).act()
    assert answers == ["agrees", "differs"]


def test_harm_is_worse_by_a_trip_and_then_by_the_time_beyond_the_limits() -> None:
    assert Harm(True, 0.0).worse_than(Harm(False, 9.0)) == 1
    assert Harm(False, 1.0).worse_than(Harm(False, 2.0)) == -1
    assert Harm(False, 1.0).worse_than(Harm(False, 1.05)) == 0


@pytest.mark.parametrize("field_action", ["", "close-HV-105"])
def test_course_of_a_plant_left_alone_does_not_depend_on_who_touches_the_other(
    field_action: str,
) -> None:
    bad = (FaultEvent("SENSOR-BAD", 30.0, {"sensor": "TT-106"}), replace(FAULT, at_s=30.0))
    episode = Episode("respond", "cw-100", "F03", 1, bad, Truth(frozenset()), 30.0, 95.0)
    touched = SharedSimulation(episode, create_plant("cw-100", 1), Scenario(bad))
    touched.run(33.0)
    if field_action:
        touched.apply(FieldEvent(field_action))
    else:
        touched.write("P-101B.run_cmd", 1)
    touched.run(5.0)
    alone = touched.undisturbed()
    assert alone == leave_alone(episode)
    assert alone.alarms == {"XA-TT-106": 40.0}


async def test_a_failed_fan_is_answered_right_and_wrong_if_another_frame_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = {"prompt": 2.0, "answer": 10.0, "currency": "EUR"}
    endpoint = FakeEndpoint(lambda question: said(question.offers[0]["name"]))
    planners = await planners_with(pooled("small", endpoint, within="30 s", cost=price))
    monkeypatch.setattr(agents, "planners_of", Mock(return_value=planners))
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site, library = acting(load_site(tmp_path / "site"), RESPOND)
    drawn = draw_episode(RESPOND, "F12", 1)
    events = tuple(replace(each, at_s=60.0) for each in drawn.events)
    episode = replace(drawn, events=events, onset_s=60.0, lasts_s=430.0)
    spec = RESPOND.file.respond
    assert spec is not None
    quick = spec.model_copy(
        update={
            "leave_after": 0.0,
            "people": spec.people.model_copy(update={"thinks": (20.0, 60.0), "away": (30.0, 30.1)}),
        }
    )
    acted = await act(episode, site, library, Bindings(in_memory_site(site)), quick)
    assert [each.text for each in acted.frames] == ["FIC-201.sp=28"]
    assert acted.frames[0].at_s - acted.requests[0].at_s >= 50.0
    assert not acted.harm.has_tripped
    assert acted.harm.worse_than(acted.alone.harm) <= 0
    response = spec.responses["F12"]
    assert judge_response(episode, acted, response).outcome == "right"
    other = response.model_copy(update={"frames": {"FIC-201.sp": 36.0}})
    result = judge_response(episode, acted, other)
    assert (result.outcome, result.wrong) == ("wrong", ("FIC-201.sp=28",))
    asked = len(endpoint.asked)
    assert asked > 0
    used = acted.models
    assert used is not None
    assert (used.prompt_tokens, used.answer_tokens) == (100 * asked, 20 * asked)
    assert used.cost == {"EUR": pytest.approx(4e-4 * asked)}
