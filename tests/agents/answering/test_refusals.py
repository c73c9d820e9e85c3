"""Questions with a word that no answer takes into account, which are refused."""

from collections.abc import Sequence

import pytest

from handwheel.agents.answering.answer_question import answer_question
from handwheel.agents.answering.question import NotUnderstood
from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.site import Site

from .known_site import Course, KnownSite


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("what if P-101A does not stop?", "what does not happen"),
        ("what if P-101A doesn't stop?", "what does not happen"),
        ("what if nothing is done?", "what if needs one"),
        ("what if the pumps stop?", "what if needs one"),
        ("what if P-101A starts and P-101B stops?", "one change at a time"),
        ("what happens to P-101A if P-101B stops?", "one change at a time"),
        ("what if P-101A stops and PT-102 falls?", "one change at a time"),
        ("what if P-101A stops and PIC-102.sp = 380?", "one change at a time"),
        ("what if PIC-102.sp = 380 and TIC-202.sp = 47?", "one change at a time"),
        ("what if PIC-102.sp is between 300 and 320?", "one change at a time"),
        ("what if PIC-102.sp rises by 10?", "the new value itself"),
        ("what if PIC-102.sp is 10 kPa lower?", "the new value itself"),
        ("what if PIC-102.sp is above 380?", "the new value itself"),
        ("what if P-101A stops for 10 min?", "at no other time"),
        ("what if PIC-102.sp = 36 psi?", "is no unit of this tag"),
        ("what if PIC-102.sp = 36 degC?", "cannot be converted into the unit of PIC-102.sp"),
        ("how long until PT-102 reaches 36 psi?", "is no unit of this tag"),
        ("how long until PT-102 reaches 36psi?", "number that is not understood"),
        ("since when is PT-102 above 30 degC?", "cannot be converted"),
        ("was P-101A running when P-101B started?", "two moments"),
        ("why did P-101A stop before PT-102 fell?", "two moments"),
        ("which alarms came when P-101A tripped?", "two moments"),
        ("what changed after P-101A tripped?", "at no other time"),
        ("what happened when P-101A tripped?", "at no other time"),
        ("when did P-101B run?", "not told when equipment ran"),
        ("did P-101B run?", "must tell how long ago"),
        ("when did ben approve the start of P-101B?", "who approved or rejected"),
        ("has ben approved the start of P-101B?", "the name of a person"),
        ("did ben change PIC-102.sp?", "the name of a person"),
        ("why was nothing done?", "did not happen"),
        ("why was the start approved?", "no reason"),
        ("which alarms are not active?", "what is not so"),
        ("did anyone change PIC-102.sp today?", "a day or an hour of the calendar"),
        ("has P-101A tripped today?", "a day or an hour of the calendar"),
        ("has P-101A tripped on monday?", "a day or an hour of the calendar"),
        ("which alarms came today?", "a day or an hour of the calendar"),
        ("plan: take P-101B out and P-101A at 15:00", "names several"),
        ("plan: take P-101B and P-101A at 15:00", "names several"),
        ("plan: do not take P-101B out", "not for what is not"),
    ],
)
def test_word_that_changes_the_meaning_is_refused(text: str, reason: str, site: Site) -> None:
    with pytest.raises(NotUnderstood, match=reason) as error:
        answer_question(text, KnownSite(site))
    assert len(error.value.nearest) == 3
    assert error.value.is_final


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("which requests were rejected more than a week ago?", "“more than”, “week” and “ago”"),
        ("which requests were rejected more than an hour ago?", "“an hour ago” and “more than”"),
        ("what waits for approval for less than 10 min?", "“10 min” and “less than”"),
        ("what waits for approval from ben?", "“from” and “ben”"),
        ("who may approve the start of P-101B?", "“may” and “approve”"),
        ("who approved the first request?", "“first”"),
        ("what is PT-102 in bar?", "“bar”"),
        ("what is PT-102 in 10 min?", "“10 min”"),
        ("is PT-102 higher than it was an hour ago?", "“higher than”"),
        ("was PT-102 falling an hour ago?", "“falling”"),
        ("is PT-102 below 300 kPa?", "“below” and “300 kPa”"),
        ("what is PT-102 and how is P-101A?", "“p-101a”"),
        ("what is PT-102 != FT-103?", "“!=”"),
        ("how long until P-101A trips if load rises?", "“if” and “load”"),
        ("how long until PT-102 falls below 300 kPa with P-101B running?", "“with” and “running”"),
        ("since when is PT-102 330 kPa?", "“330 kPa”"),
        ("since when is PT-102 higher than FT-103?", "“higher than”"),
        ("what changed except PIC-102.sp?", "“except”"),
        ("what changed besides PIC-102.sp?", "“besides”"),
        ("what if PIC-102.sp had been 380?", "“had”"),
        ("what if PIC-102.sp = 380 at low PT-102?", "“low”"),
        ("why is PT-102 low and FT-103 high?", "“high”"),
        ("which alarms are on apart from PAL-102?", "“apart”, “from” and “pal-102”"),
        ("is there an approval for P-101B to start?", "“approval” and “start”"),
        ("which alarms are still active in the last hour?", "“still”"),
        ("plan: is P-101A out at 14:00?", "“is”"),
        ("which agents are wrong?", "“agents”"),
        ("is the agents' diagnosis of E-101 wrong?", "“agents” and “diagnosis”"),
        ("which work orders were closed by anna?", "“by” and “anna”"),
        ("open and closed work orders", "“open”"),
        ("plan: take P-101A out of maintenance at 14:00", "“out of”"),
        ("plan: take P-101A from maintenance at 14:00", "“from”"),
        ("plan: keep P-101A out for maintenance", "“keep”"),
    ],
)
def test_word_that_the_answer_leaves_out_is_named(text: str, words: str, site: Site) -> None:
    with pytest.raises(NotUnderstood) as error:
        answer_question(text, KnownSite(site))
    assert error.value.reason == f"the answer would leave out {words}. Try:"
    assert len(error.value.nearest) == 3


@pytest.mark.parametrize(
    "text",
    [
        "which requests were rejected last week?", "closed work orders of S-101 last week",
        "what waits for approval since yesterday?", "have we seen this before last month?",
    ],
)  # fmt: skip
def test_day_of_the_calendar_is_refused_for_every_kind(text: str, site: Site) -> None:
    with pytest.raises(NotUnderstood, match="a day or an hour of the calendar"):
        answer_question(text, KnownSite(site))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("what changed before PT-102?", "must tell what PT-102.pv did"),
        ("what changed before the shift?", "before an event"),
        ("what changed before PT-102 fell and P-101A tripped?", "before one event"),
        ("who approved the start or stop of P-101B?", "one verb"),
        ("when did P-101A trip and start?", "several states"),
        ("why is P-101A running hot?", "a state and a course"),
        ("what if P-101B starts and PT-102 is high?", "one change at a time"),
        ("which alarms are on at K-301?", "K-301 does not exist at this site"),
        ("what is TT-999?", "TT-999 does not exist at this site"),
        ("what is P-1O1A doing", "P-1O1A does not exist at this site"),
        ("what if I stop P-101C", "P-101C does not exist at this site"),
    ],
)
def test_second_event_or_state_is_refused(text: str, reason: str, site: Site) -> None:
    with pytest.raises(NotUnderstood, match=reason):
        answer_question(text, KnownSite(site))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("did anyone change TIC-202.sp in the last 20 min?", "Nothing of TIC-202.sp was written"),
        ("have we seen this before on CT-101?", "No case about CT-101 is open"),
        ("who rejected a pump start?", "ben [F"),
        ("what is the output of TIC-202?", "TIC-202.op"),
        ("how long until LAL-101?", "LT-101.pv (basin level) is"),
        ("why is the vibration of pump A high?", "VT-101A.pv is"),
    ],
)
def test_answer_is_about_what_the_question_names(text: str, told: str, site: Site) -> None:
    assert answer_question(text, KnownSite(site))[1].lines[0].startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("what if PIC-102.sp = 3.6 bar?", "With PIC-102.sp at 360 kPa [F"),
        ("what if PIC-102.sp = 360 kpa?", "With PIC-102.sp at 360 kPa [F"),
        ("what happens to PT-102 if TIC-202.sp = 47?", "With TIC-202.sp at 47 degC [F"),
        ("what if P-101A stops, what happens to PT-102?", "With P-101A.run_cmd at false [F"),
        ("did P-101B run in the last hour?", "P-101B.running was true for 50 %"),
        ("what was written to PIC-102.sp in the last 20 min?", "PIC-102.sp was written to 355"),
        ("did anyone change PIC-102.sp in the last 20 min?", "PIC-102.sp was written to 355"),
        ("why is P-101B not running?", "P-101B stopped about 30 min"),
        ("when was the start of P-101B rejected?", "rejected R-7K3MQ2XA at 2026-11-30 20:56:07"),
        ("since when is PT-102 above 3 bar?", "PT-102.pv is above 300 kPa [F"),
    ],
)
def test_question_beside_a_refused_one_is_answered(text: str, told: str, site: Site) -> None:
    courses: dict[str, Course] = {"P-101B.running": lambda before_s: float(before_s > 1800.0)}
    known = KnownSite(site, {"P-101B.running": False, "PT-102.pv": 350.0}, courses=courses)
    _, answer = answer_question(text, known)
    assert any(told in each for each in answer.lines), answer.lines


def test_only_the_running_is_told_of_a_past_running(site: Site) -> None:
    _, answer = answer_question("did P-101B run in the last hour?", KnownSite(site))
    assert len(answer.claims) == 1


class _ShortRecord(KnownSite):
    """Site of which the last 10 min are recorded."""

    def window(self, tag: str, last_s: float, slots: int) -> Sequence[RecordedSlot]:
        found = super().window(tag, last_s, slots)
        return [
            each if each.before_s <= 600.0
            else RecordedSlot(each.before_s, each.span_s, None, None, None, 0.0)
            for each in found
        ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "was P-101B running in the last 90 min?",
        "average of PT-102 in the last 90 min?",
        "which alarms were on in the last 90 min?",
    ],
)
def test_little_of_a_time_tells_no_share_of_it(text: str, site: Site) -> None:
    _, answer = answer_question(text, _ShortRecord(site))
    told = "\n".join(answer.lines)
    assert "Too little" in told
    assert "recorded: 9 min" in told or "recorded: 10 min" in told, told
    assert " % " not in told


@pytest.mark.parametrize("ago_s", [1800.0, 1803.1, 3507.7])
@pytest.mark.parametrize("later_s", [0.0, 0.9])
def test_interlock_of_a_trip_is_always_told(ago_s: float, later_s: float, site: Site) -> None:
    courses: dict[str, Course] = {
        "P-101A.tripped": lambda before_s: float(before_s <= ago_s),
        "I-02.active": lambda before_s: float(ago_s - 15.0 < before_s <= ago_s - later_s),
        "P-101A.running": lambda before_s: float(before_s > ago_s + 0.1),
    }
    known = KnownSite(site, {"P-101A.tripped": True}, courses=courses)
    told = "\n".join(answer_question("what changed before P-101A tripped?", known)[1].lines)
    assert "I-02.active went from false [F3] to true [F4] about 0 s [F5] before it." in told
    assert "P-101A.running" not in told


def test_course_after_a_trip_is_not_told_with_it(site: Site) -> None:
    courses: dict[str, Course] = {
        "P-101A.tripped": lambda before_s: float(before_s <= 1500.0),
        "TT-111A.pv": lambda before_s: 40.0 + before_s / 100.0,
    }
    known = KnownSite(site, {"P-101A.tripped": True}, courses=courses)
    told = answer_question("why did P-101A trip?", known)[1].lines
    assert not any("In the same time" in each for each in told), told
