"""Lines that a terminal computes beside a card, and when it computes none."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.agents.diagnosis.baseline import NO_BASELINE
from handwheel.agents.diagnosis.evidence import Evidence
from handwheel.agents.diagnosis.failure_modes import CheckSpec, ModeSpec
from handwheel.agents.diagnosis.hypotheses import Hypothesis
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.diagnosis.ranking import DecidingCheck, Ranking
from handwheel.agents.diagnosis.weigh import Weighed
from handwheel.agents.lookahead.prediction import Margin, Prediction
from handwheel.agents.lookahead.twin import Course
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.hmi.requests.assessment.assessment_text import render_assessed
from handwheel.hmi.requests.assessment.cause import Asked, cause_lines, fault_fields
from handwheel.hmi.requests.assessment.courses import ahead_lines, course_lines, course_plots
from handwheel.hmi.requests.assessment.model import WITH_REQUEST, WITH_RUN, Assessment
from handwheel.hmi.requests.assessment.ranking_text import ranking_lines
from handwheel.hmi.requests.assessment.recorded_plant import (
    NotComputable,
    OtherPlant,
    recorded_plant,
)
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.approval.plant_snapshot import Reading

PLAYBOOK = "cw/pump-bearing-changeover"
CHECK = DecidingCheck(
    "sound", "P-101A",
    CheckSpec(title="Listen to it", playbook="", ask="Does it grind?", role="field-operator",
              answers=["yes", "no"], minutes=15.0),
    (("bearing-worn P-101A", "yes"),),
)  # fmt: skip


def weighed(name: str, title: str, total_db: float, *signs: Evidence) -> Weighed:
    sign = {"id": "s", "that": "true", "met_db": 1.0, "not_met_db": -1.0}
    mode = ModeSpec.model_validate({"id": "m", "title": title, "prior_db": -10.0, "signs": [sign]})
    return Weighed(Hypothesis(name, title, mode, ("P-101A",), ()), signs, total_db, 1.0)


def sign(text: str, weight_db: float, *tags: str) -> Evidence:
    truth = Truth.TRUE if weight_db > 0.0 else Truth.FALSE if weight_db < 0.0 else Truth.UNKNOWN
    return Evidence(text, text, truth, 1.0, "", 1.0, weight_db, tags, 60.0, "own")


BEARING = weighed("bearing-worn P-101A", "A bearing of P-101A is worn", 21.0,
                  sign("the pump vibrates by 5.6 mm/s more", 14.0, "VT-101A.pv"),
                  sign("growth", 0.0, "VT-101A.pv"))  # fmt: skip
IMPELLER = weighed("impeller-worn P-101A", "The impeller of P-101A is worn", 3.0,
                   sign("the head is as usual", -12.0, "PT-102.pv"),
                   sign("it vibrates", 4.0, "VT-101A.pv"))  # fmt: skip
GONE = weighed("bearing-worn P-101A", "A bearing of P-101A is worn", -18.0,
               sign("it vibrates as usual", -20.0, "VT-101A.pv"))  # fmt: skip
LATE = weighed("bearing-worn P-101A", "A bearing of P-101A is worn", 28.0,
               sign("it vibrates", 30.0, "VT-101A.pv"),
               sign("it reaches 5 mm/s in 1000 h at the latest", -4.0, "VT-101A.pv"))  # fmt: skip
NAMED = Ranking((BEARING, IMPELLER), (BEARING,), (), ())
OPEN = Ranking((BEARING, IMPELLER), (), (BEARING, IMPELLER), (CHECK,))


@pytest.mark.parametrize(
    ("ranking", "asked", "lines"),
    [
        (
            NAMED, Asked(PLAYBOOK, ("bearing-worn P-101A",), True),
            ["A bearing of P-101A is worn: the pump vibrates by 5.6 mm/s more; good evidence",
             "against: none of the known signs; not known: growth"],
        ),
        (
            NAMED, Asked("cw/impeller-worn", ("impeller-worn P-101A",), True),
            ["A bearing of P-101A is worn: the pump vibrates by 5.6 mm/s more; good evidence",
             "! cw/impeller-worn answers another fault: The impeller of P-101A is worn",
             "against: none of the known signs; not known: growth"],
        ),
        (
            OPEN, Asked(),
            ["not decided: A bearing of P-101A is worn (strong evidence); The impeller of "
             "P-101A is worn (little)",
             "against: none of the known signs; not known: growth",
             "would decide: Listen to it (asked of field-operator, 15 min)"],
        ),
        (
            Ranking((GONE,), (), (), ()), Asked(PLAYBOOK, ("bearing-worn P-101A",), True),
            ["no fault is named or suspected",
             "! not seen now: A bearing of P-101A is worn; against: strong evidence: it "
             "vibrates as usual"],
        ),
        (
            Ranking((GONE,), (), (), ()), Asked(PLAYBOOK, ("bearing-worn P-101A",)),
            ["no fault is named or suspected"],
        ),
        (
            Ranking((LATE,), (LATE,), (), ()), Asked(),
            ["A bearing of P-101A is worn: it vibrates; strong evidence",
             "against: little: it reaches 5 mm/s in 1000 h at the latest"],
        ),
        (
            Ranking((GONE, replace(IMPELLER, coverage=0.5)), (), (), ()), Asked(),
            ["no fault is named or suspected; too little is known to judge 1 of 2 faults"],
        ),
    ],
    ids=["named", "another", "undecided", "gone", "ordered", "little", "unknown"],
)  # fmt: skip
def test_the_cause_of_a_request_marks_what_its_playbook_does_not_answer(
    ranking: Ranking, asked: Asked, lines: list[str]
) -> None:
    found = cause_lines(ranking, asked)
    assert [f"{'! ' if each.is_abnormal else ''}{each.text}" for each in found] == lines


def test_faults_that_are_compared_are_those_that_the_request_answers() -> None:
    mode = GONE.hypothesis.mode.model_copy(update={"is_fault": False})
    change = replace(GONE, hypothesis=replace(GONE.hypothesis, id="load-change", mode=mode))
    ranking = Ranking((BEARING, IMPELLER, change), (BEARING, IMPELLER, change), (), ())
    every, own = ["bearing-worn P-101A", "impeller-worn P-101A"], ["impeller-worn P-101A"]
    for answers, named in ((own, own), (["other"], every), ([], every)):
        assert fault_fields(ranking, Asked(PLAYBOOK, answers))["named"] == named


TIMES_S = [0.0, 600.0, 1800.0, 3600.0]
TAGS = {
    "PT-102.pv": Tag("PT-102.pv", "dcs", "float", RegisterAddress("input", 0, "float32"), "kPa",
                     (0.0, 600.0)),
}  # fmt: skip
TRIPS = Course(TIMES_S, {"PT-102.pv": [350.0, 350.0, 240.0, 349.0]},
               (1800.0, "P-101A tripped by I-02"), {"VAH-101A": 480.0})  # fmt: skip
CALM = Course(TIMES_S, {"PT-102.pv": [350.0, 323.0, 349.0, 350.0]})
KEPT = Margin("PT-102.pv > 280 kPa", "kPa", -40.0, 1800.0, 43.0, 600.0)
BROKEN = Margin("PT-102.pv > 280 kPa", "kPa", 60.0, 1800.0, -12.0, 600.0)


def prediction(with_plan: Course, margin: Margin, residual: float | None) -> Prediction:
    return Prediction("cw-100", 3600.0, TRIPS, with_plan, [margin], residual, 0.03, ["all is well"])


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (
            prediction(CALM, KEPT, 0.012),
            ["without: P-101A tripped by I-02 in 30 min, VAH-101A in 8 min",
             "with the whole run: PT-102.pv > 280 kPa keeps 43 kPa; no trip, no alarm",
             "twin cw-100: trusted, its error was 1.2 % of the range (limit 3 %)"],
        ),
        (
            prediction(TRIPS, BROKEN, 0.012),
            ["without: P-101A tripped by I-02 in 30 min, VAH-101A in 8 min",
             "! with the whole run: BREAKS PT-102.pv > 280 kPa in 10 min; P-101A tripped by I-02 "
             "in 30 min, VAH-101A in 8 min",
             "in 60 min: no difference foretold",
             "twin cw-100: trusted, its error was 1.2 % of the range (limit 3 %)"],
        ),
        (
            prediction(CALM, KEPT, 0.05),
            ["without: P-101A tripped by I-02 in 30 min, VAH-101A in 8 min",
             "with the whole run: no trip, no alarm, by a twin that is not trusted",
             "! twin cw-100: may only warn; not trusted, its error was 5 % of the range "
             "(limit 3 %)"],
        ),
        (
            prediction(CALM, replace(KEPT, with_plan=None), None),
            ["without: P-101A tripped by I-02 in 30 min, VAH-101A in 8 min",
             "with the whole run: no trip, no alarm, by a twin that is not trusted",
             "! twin cw-100: may only warn; not trusted, compared with the plant less than 3 times "
             "so far (limit 3 %)"],
        ),
    ],
    ids=["cleared", "broken", "untrusted", "unknown"],
)  # fmt: skip
def test_the_courses_of_a_request_mark_what_it_breaks_and_a_twin_without_trust(
    found: Prediction, lines: list[str]
) -> None:
    shown = course_lines(found, WITH_RUN, ["PT-102.pv"], TAGS)
    assert [f"{'! ' if each.is_abnormal else ''}{each.text}" for each in shown] == lines


def test_courses_that_end_alike_tell_both_margins_and_what_differs() -> None:
    ends = {"PT-102.pv": 310.0, "FIC-201.sp": 500.0, "PT-104.pv": 349.0}
    tags = {
        each: replace(TAGS["PT-102.pv"], name=each, writable=each.endswith(".sp")) for each in ends
    }
    without, with_plan = (
        Course([0.0, 1800.0], {name: [350.0, value] for name, value in each.items()})
        for each in (ends, dict.fromkeys(ends, 350.0))
    )
    margin = Margin("PT-102.pv > 280 kPa", "kPa", 30.0, 1800.0, 70.0, 0.0)
    found = Prediction("cw-100", 3600.0, without, with_plan, [margin], 0.01, 0.03, [])
    for courses, told in (
        (found, "in 30 min: PT-102.pv 350 kPa with, 310 kPa without"),
        (replace(found, without=with_plan), "in 30 min: no difference foretold"),
    ):
        lines = [each.text for each in course_lines(courses, WITH_REQUEST, list(ends), tags)]
        assert lines[:3] == [
            "without: PT-102.pv > 280 kPa keeps 30 kPa; no trip, no alarm",
            "with: PT-102.pv > 280 kPa keeps 70 kPa; no trip, no alarm",
            told,
        ]


def test_the_weights_of_a_hypothesis_sum_to_its_total_and_unknown_ones_are_counted() -> None:
    tags = "VT-101A.pv", "P-101A.speed"
    total = -10.0 + 13.37 + 0.25 * 6.14 - 1.0
    worn = weighed("worn", "It is worn", total, sign("it shakes", 13.37, *tags), sign("heat", -1.0),
                   sign("it hums", 6.14, *tags),
                   replace(sign("calm", 0.0), truth=Truth.FALSE))  # fmt: skip
    bare = (weighed(name, name, -10.0, sign("growth", 0.0)) for name in "ab")
    others = [replace(each, coverage=0.0) for each in bare]
    assert list(ranking_lines(Ranking((worn, *others), (worn,), (), ()).fields)) == [
        "  +3.9 dB  It is worn (worn): -10 dB before any sign, 100% of its signs are known, "
        "a weaker sign on the same tags counts 25%",
        "     +13.4 dB  it shakes",
        "      +1.5 dB  it hums",
        "      -1.0 dB  heat",
        "            1  sign says nothing: calm",
        "  2 others: too few of their signs are known",
    ]


def test_the_plots_of_the_courses_stand_beside_margins_and_assumptions() -> None:
    found = prediction(CALM, KEPT, 0.012)
    plots = course_plots(found, ["PT-102.pv"], TAGS)
    assessed = Assessment(
        until="2026-11-25T08:51:12.000Z",
        ahead=list(ahead_lines(found, WITH_RUN, 3600.0)),
        plots=plots,
        with_what=WITH_RUN,
    )
    lines = render_assessed(assessed, "l", 80)
    assert lines[-6] == "PT-102.pv, kPa"
    assert plots[0].without[-1] is not None
    text = " ".join(" ".join(lines).split())
    margins = "without 40 kPa beyond it in 30 min, with at least 43 kPa left, after 10 min"
    assert f"PT-102.pv > 280 kPa: {margins}" in text
    assert lines[-1] == "The next 60 min: ⠒⠒⠒ with the whole run, ⠂⠂⠂ without, × a trip"
    assert "".join(lines[-5:-1]).count("×") == 1
    assert "measured over 60 min of the record assumed: all is well" in text


def test_the_plots_go_on_with_the_tags_with_an_alarm_that_a_request_changes_most() -> None:
    flat, up = [350.0] * 4, [350.0, 360.0, 370.0, 380.0]
    names = ["FIC-201.sp", "PT-102.pv", "PT-103.pv", "PT-104.pv", "PT-105.pv"]
    limits = {"PT-103.pv": (None, 500.0), "PT-104.pv": (100.0, None), "PT-105.pv": (0.0, 600.0)}
    tags = {
        each: replace(TAGS["PT-102.pv"], name=each, alarm=limits.get(each, (None, None)))
        for each in names
    }
    without, risen = Course(TIMES_S, dict.fromkeys(names, flat)), [each + 9.0 for each in up]
    courses = {"FIC-201.sp": up, "PT-102.pv": up, "PT-103.pv": up, "PT-104.pv": risen}
    with_plan = Course(TIMES_S, {"PT-105.pv": flat, **courses})
    found = Prediction("cw-100", 3600.0, without, with_plan, [], 0.01, 0.03, [])
    shown = [each.title for each in course_plots(found, ["FIC-201.sp"], tags)]
    assert shown == ["FIC-201.sp, kPa", "PT-104.pv, kPa", "PT-103.pv, kPa"]


@pytest.mark.parametrize(
    ("age_s", "seen", "reason"),
    [
        (1.0, 350.0, ""),
        (1.0, 362.0, "PT-102.pv reads 362 at the gate, and 350 is recorded"),
        (60.0, 350.0, "the newest recorded values are 60 s old"),
        (None, 350.0, "no values are recorded; the agents record them while they run"),
    ],
)
def test_nothing_is_computed_where_the_record_is_not_what_the_gate_reads(
    tmp_path: Path, age_s: float | None, seen: float, reason: str
) -> None:
    write_site(tmp_path, create(None), PlantEndpoints(opcua=1, modbus=1, gate=1))
    site = load_site(tmp_path)
    site.state.mkdir(exist_ok=True)
    if age_s is not None:
        writer = HistoryWriter(site.state / HISTORY_FILE, {}, definitions(site))
        until_us = round((time.time() - age_s) * 1e6)
        for n in range(40, -1, -1):
            values = {"SIM-CLOCK.pv": 1000.0 - n / 2, "PT-102.pv": 350.0 + n % 2}
            samples = [
                (name, DataValue(value, GOOD, None, None, 0.0)) for name, value in values.items()
            ]
            writer.write([SampleBatch(until_us - n * 500_000, samples)])
        writer.close()
    hypotheses, _ = load_hypotheses(site)
    reading = {"PT-102.pv": Reading(value=seen, shown=f"{seen:g}", status=0, age_s=0.5)}
    if not reason:
        plant = recorded_plant(site, hypotheses, NO_BASELINE, reading)
        assert plant.diagnosis.windows.mean("PT-102.pv", 10.0) == pytest.approx(350.5, abs=0.3)
        return
    with pytest.raises(NotComputable, match=reason) as caught:
        recorded_plant(site, hypotheses, NO_BASELINE, reading)
    assert isinstance(caught.value, OtherPlant) is ("gate" in reason)
