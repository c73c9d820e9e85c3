"""Events of the record: what a question takes for granted is checked, and its time is found."""

import pytest

from handwheel.agents.answering.answer_question import answer_question
from handwheel.connectors.model.site import Site

from .known_site import Course, KnownSite


def _switched(ago_s: float, *, on: bool = True) -> Course:
    return lambda before_s: float((before_s <= ago_s) == on)


def _told(text: str, known: KnownSite) -> str:
    return "\n".join(answer_question(text, known)[1].lines)


def _tripped(site: Site) -> KnownSite:
    """P-101A tripped 30 min ago by its vibration, and I-03 has started P-101B for it."""
    courses: dict[str, Course] = {
        "P-101A.tripped": _switched(1800.0), "I-02.active": _switched(1801.0),
        "I-03.active": lambda before_s: float(1780.0 < before_s <= 1795.0),
        "P-101A.running": _switched(1797.0, on=False), "P-101B.running": _switched(1790.0),
        "VT-101A.pv": lambda before_s: 9.5 if 1700.0 < before_s < 1830.0 else 1.0,
    }  # fmt: skip
    values = {"P-101A.tripped": True, "P-101A.running": False, "P-101B.running": True}
    return KnownSite(site, values, courses=courses)


@pytest.mark.parametrize(
    "text", ["why did P-101A trip", "P-101A tripped - cause?", "what tripped P-101A"]
)
def test_trip_is_told_with_interlock_and_limit(text: str, site: Site) -> None:
    told = _told(text, _tripped(site))
    assert told.startswith("P-101A tripped about 30 min [F")
    assert "Interlock I-02 acted about 30 min 01 s [F" in told
    assert "I-03 acted about 29 min 55 s" in told
    assert "just after it" in told.split("I-03")[1].splitlines()[0]
    assert "VT-101A.pv was at 9.5 mm/s [F" in told
    assert "beyond its trip limit of 8.1 mm/s [F" in told


def test_alarm_of_equipment_is_explained_by_the_case_about_it(site: Site) -> None:
    known = KnownSite(
        site, {"PDAH-101.active": True}, courses={"PDAH-101.active": _switched(600.0)}
    )
    told = _told("why did the strainer alarm come up", known)
    assert told.startswith("PDAH-101 came about 10 min [F")
    assert "The agents name Strainer plugged" in told
    assert "The agents name Strainer plugged" in _told("what is wrong with the strainer", known)


def test_word_that_is_not_known_is_named_first(site: Site) -> None:
    told = _told("overdue work orders", KnownSite(site))
    assert told.startswith("The answer leaves out “overdue”.\n")


def test_write_at_an_event_is_told_once(site: Site) -> None:
    known = KnownSite(site, courses={"P-101A.running": _switched(
        590.0, on=False)}, values={"P-101A.running": False}, written="P-101A.run_cmd")  # fmt: skip
    told = _told("why did P-101A stop", known)
    assert told.count("P-101A.run_cmd was written to 355") == 1
    assert "about 10 min [F" in told


def test_people_who_signed_are_named_and_a_script_is_told(site: Site) -> None:
    known = KnownSite(site, verdict="approve")
    for text in ("who changed PIC-102.sp", "why is PT-102 falling"):
        told = _told(text, known)
        assert "by R-7K3MQ2XA, proposed by anna [F" in told
        assert "approved by ben [F" in told
        assert "cleo [F" in told
        assert "(UNATTENDED: a script signed with the key [F" in told
    approved = _told("who approved R-7K3MQ2XA", known).splitlines()
    assert [each.split(" [")[0] for each in approved] == ["ben", "cleo"]
    assert ["UNATTENDED" in each for each in approved] == [False, True]


def test_stop_of_equipment_names_the_trip_and_start_the_interlock(site: Site) -> None:
    known = _tripped(site)
    assert "P-101A tripped about 30 min [F" in _told("why did P-101A stop", known)
    told = _told("why did P-101B start", known)
    assert told.startswith("P-101B started about 29 min 50 s [F")
    assert "Interlock I-03 acted about 29 min 55 s" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("when did P-101A trip", "P-101A tripped about 30 min [F"),
        ("has P-101A tripped", "P-101A tripped about 30 min [F"),
        ("since when is P-101B running", "P-101B started about 29 min 50 s [F"),
        ("did P-101B trip", "P-101B has not tripped in the last"),
    ],
)
def test_time_of_an_event_is_told(text: str, told: str, site: Site) -> None:
    assert _told(text, _tripped(site)).startswith(told)


def test_alarms_of_a_time_are_those_of_the_record(site: Site) -> None:
    courses: dict[str, Course] = {
        "VAH-101A.active": _switched(600.0), "PAL-102.active": _switched(9e9),
        "LAL-101.active": _switched(4000.0, on=False),
    }  # fmt: skip
    told = _told("which alarms were on in the last hour", KnownSite(site, courses=courses))
    assert "Alarm VAH-101A came about 10 min [F" in told
    assert "Alarm PAL-102 was active before and in the last 1 h [F1]: PT-102 low [F" in told
    assert "LAL-101" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("why did P-101B trip", "P-101B has not tripped in the last"),
        ("why did P-101B stop", "P-101B has not stopped in the last"),
        ("why is PAL-102 active", "PAL-102 has not come in the last"),
    ],
)
def test_false_premise_is_told_and_not_explained(text: str, told: str, site: Site) -> None:
    courses: dict[str, Course] = {name: _switched(1e9) for name in ("P-101B.running",)}
    courses |= {name: _switched(-1.0) for name in ("P-101B.tripped", "PAL-102.active")}
    known = KnownSite(site, {"P-101B.running": True}, courses=courses)
    lines = _told(text, known)
    assert lines.startswith(told)
    assert ": P" in lines.splitlines()[0]
    assert "explains" not in lines


def _fell(before_s: float) -> float:
    return 350.0 - min(max(620.0 - before_s, 0.0), 100.0) * 0.4


def test_changes_are_told_before_the_fall_on_one_clock(site: Site) -> None:
    courses: dict[str, Course] = {
        "PT-102.pv": _fell, "PIC-102.mode": _switched(630.0), "P-101B.running": _switched(60.0),
    }  # fmt: skip
    known = KnownSite(site, {"PT-102.pv": 310.0}, courses=courses)
    told = _told("what changed before PT-102 fell", known)
    first, *_ = told.splitlines()
    assert first.startswith("PT-102.pv began to fall about 10 min")
    assert "from 350 kPa" in first
    assert "PIC-102.mode went from manual" in told
    assert "before it" in told
    assert "P-101B.running" not in told
    assert "The times are those of the plant's clock" in told


def test_fall_that_the_record_lacks_is_told(site: Site) -> None:
    told = _told("what changed before PT-102 fell", KnownSite(site, {"PT-102.pv": 350.0}))
    assert "has no moment at which PT-102.pv began to fall, so nothing before" in told


def test_forecast_does_not_go_through_a_step(site: Site) -> None:
    def stepped(before_s: float) -> float:
        return 340.0 if before_s > 1200.0 else 320.0

    known = KnownSite(site, {"PT-102.pv": 320.0}, courses={"PT-102.pv": stepped})
    told = _told("when will PT-102 reach 300 kPa", known)
    assert "PT-102.pv jumped about 20 min" in told
    assert "PT-102.pv is steady, so it moves towards no limit." in told
    assert "reaches" not in told
