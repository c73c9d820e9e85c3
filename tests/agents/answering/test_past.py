"""Questions of the past, which are answered from the record or refused."""

import pytest

from handwheel.agents.answering.answer_question import answer_question
from handwheel.agents.answering.examples import examples, nearest
from handwheel.agents.answering.question import NotUnderstood
from handwheel.connectors.model.site import Site
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from .known_site import Course, KnownSite


def _known(site: Site) -> KnownSite:
    courses: dict[str, Course] = {
        "P-101B.running": lambda before_s: float(before_s > 3000.0),
        "PT-102.pv": lambda before_s: 340.0 if before_s > 3000.0 else 350.0,
    }
    return KnownSite(site, {"P-101B.running": False, "PT-102.pv": 350.0}, courses=courses)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("was P-101B running an hour ago", "P-101B.running was true [F2] about 1 h [F1] ago."),
        ("was P-101B running in the last 2 h", "P-101B.running was true for 58"),
        ("what was PT-102 an hour ago", "PT-102.pv (header pressure) was 340 kPa [F2] about 1 h"),
        ("what was PT-102 half an hour ago", "was 350 kPa [F2] about 30 min [F1] ago"),
        ("which work orders were closed?", "W-G6H2RQ43 for S-101 was closed at 2026-11-30 20:30"),
        ("closed work orders of P-101A", "No work order for P-101A is closed."),
        ("which work orders are not closed yet?", "W-G6H2RQ43 for S-101, due 2026-12-01"),
        ("what if P-101A stops", "With P-101A.run_cmd at false [F"),
        ("what happens to PT-102 if P-101A stops", "PT-102.pv would be 379.83 kPa [F"),
        ("which work orders did we close?", "W-G6H2RQ43 for S-101 was closed at"),
        ("what if PIC-102.sp = 360", "PT-102.pv would be 379.83 kPa [F"),
        ("what if PIC-102.sp = 360", "With PIC-102.sp at 360 kPa [F"),
    ],
)
def test_past_is_answered_as_past_and_not_as_present(text: str, told: str, site: Site) -> None:
    _, answer = answer_question(text, _known(site))
    assert any(told in each for each in answer.lines), answer.lines


@pytest.mark.parametrize(
    "text",
    [
        "was P-101B running yesterday", "was P-101B running", "what was PT-102 at 14:00",
        "which alarms were on an hour ago", "why was PT-102 low 2 h ago",
        "what will PT-102 be in an hour", "is P-101A going to trip", "lowest PT-102 today",
        "what changed since 14:00", "which requests waited 2 h ago",
        "what if P-101A trips", "what if PT-102 falls",
    ],
)  # fmt: skip
def test_time_that_cannot_be_looked_at_is_refused(text: str, site: Site) -> None:
    with pytest.raises(NotUnderstood) as error:
        answer_question(text, _known(site))
    assert len(error.value.nearest) == 3
    for each in error.value.nearest:
        answer_question(each, _known(site))


def test_suggestions_are_about_what_was_asked(site: Site) -> None:
    with pytest.raises(NotUnderstood) as error:
        answer_question("was P-101B running yesterday", _known(site))
    assert "was P-101B running in the last 2 h?" in error.value.nearest


def test_approval_of_a_stop_is_none_of_a_start(site: Site) -> None:
    told = {
        verb: answer_question(f"who rejected the {verb} of P-101B", KnownSite(site))[1].lines[0]
        for verb in ("start", "stop")
    }
    assert "rejected R-7K3MQ2XA" in told["start"]
    assert told["stop"] == "The journal has no rejection about the stop of P-101B."
    waiting = answer_question("is the stop of P-101B waiting for approval", KnownSite(site))[1]
    assert waiting.lines == ["No request about the stop of P-101B waits for a decision."]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("since when is PT-102 below 300 kPa", "is below 300 kPa [F3] since about 9 min 40 s"),
        ("since when is PT-102 under 290 kPa", "is below 290 kPa [F3] since about 9 min 40 s"),
        ("since when is PT-102 lower than 230 kPa", "is below 230 kPa [F3] since about 9 min 40"),
        ("since when is PT-102 < 300 kPa", "is below 300 kPa [F3] since about 9 min 40 s"),
        ("how long has PT-102 been below 0.3 MPa", "is below 300 kPa [F3] since about 9 min 40 s"),
        ("since when is PT-102 above 300 kPa", "PT-102.pv is not above 300 kPa [F3] now."),
        ("since when is PT-102 > 200 kPa", "is above 200 kPa [F3] since at least 24 h"),
        ("since when is PT-102 low", "is below 290 kPa [F2] since about 9 min 40 s"),
        ("since when is PT-102 falling", "PT-102.pv is not falling now."),
        ("since when is PT-102 falling", "It began to fall about 10 min [F3] ago, from 340"),
        ("since when is LT-101 above 50 %", "is above 50 % [F5] since about 5 h ["),
        ("since when is PIC-102.mode manual", "PIC-102.mode is so since about 20 h ["),
    ],
)
def test_since_is_told_of_the_side_asked_and_as_the_record_knows(
    text: str, told: str, site: Site
) -> None:
    courses: dict[str, Course] = {
        "PT-102.pv": lambda before_s: 340.0 if before_s > 576.0 else 227.0,
        "LT-101.pv": lambda before_s: 40.0 if before_s > 5 * 3600.0 else 60.0,
        "PIC-102.mode": lambda before_s: float(before_s < 20 * 3600.0),
    }
    values = {"PT-102.pv": 227.0, "LT-101.pv": 60.0}
    _, answer = answer_question(text, KnownSite(site, values, courses=courses))
    assert any(told in each for each in answer.lines), answer.lines


@pytest.mark.parametrize("plant", ["tep", "cstr", "quadtank"])
def test_site_suggests_only_what_it_can_answer(
    plant: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = site_of(tmp_path_factory.mktemp("sites") / plant, PlantEndpoints(1, 2, gate=3), plant)
    told = examples(site)
    assert not any("pump" in each or "maintenance" in each for each in told)
    for each in [*told, *nearest([], site)]:
        assert answer_question(each, KnownSite(site))[1].claims
