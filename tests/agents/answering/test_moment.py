"""Times of plans, by the clock on the wall."""

import time
from collections.abc import Generator
from datetime import datetime

import pytest

from handwheel.agents.answering.grammar import parse_question
from handwheel.agents.answering.moment import moment_of
from handwheel.agents.answering.question import NotUnderstood
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Generator[datetime]:
    """The day before Berlin goes back to winter time."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield datetime(2026, 10, 24, 12, 30).astimezone()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plan: take P-101A out at 14:00", "2026-10-24T14:00:00+02:00"),
        ("plan: take P-101A out at 9:05", "2026-10-25T09:05:00+01:00"),
        ("plan: take P-101A out today at 14:00", "2026-10-24T14:00:00+02:00"),
        ("at 14:00 tomorrow take P-101A out", "2026-10-25T14:00:00+01:00"),
        ("take pump A out tomorrow 06:00.", "2026-10-25T06:00:00+01:00"),
        ("plan: take P-101A out on 2026-10-27 at 06:00", "2026-10-27T06:00:00+01:00"),
        ("I'd like to take P-101A out at 14:30, can we?", "2026-10-24T14:30:00+02:00"),
    ],
)
def test_time_is_that_of_the_wall_with_its_date(
    text: str, told: str, now: datetime, site: Site
) -> None:
    assert moment_of(parse_question(text, site), now).isoformat() == told


@pytest.mark.parametrize(
    "when",
    [
        "at 1400", "at 14:00 or 15:00", "at 14:00 and at 15:00", "at 3 o'clock", "at 3:00 pm",
        "monday at 14:00", "next week at 14:00", "in 2 h or at 14:00", "at 14:00 UTC",
        "tomorrow, not today, at 14:00", "at 25:00", "on 3.12. at 14:00", "at 14:00 on Dec 3",
        "on 12/03 at 14:00", "yesterday at 14:00", "before 14:00", "until 14:00", "at 14:00Z",
        "every day at 14:00", "at 14:00 the day after tomorrow",
        "at 14:00 EST unless ben objects", "two days from now at 14:00", "at 14:00 CET",
        "at 14:00 Berlin time", "at 14:00 plant time", "a fortnight from tomorrow at 14:00",
        "at 14:00+02:00", "at 14:00-16:00", "at 14:00 for 2 h", "not at 14:00",
        "at 14:00 if PT-102 falls", "at 14:00 when P-101B runs", "on 2026-10-27", "tomorrow",
        "at 14:00 at the latest", "at 14:00, then start P-101B", "from 14:00",
        "tomorrow at 14:00 on 2026-10-27", "at 14:00 à Paris", "at 14:00 ± 1 h",
    ],
)  # fmt: skip
def test_time_of_another_form_is_no_question(when: str, site: Site) -> None:
    with pytest.raises(NotUnderstood) as error:
        parse_question(f"plan: take P-101A out {when}", site)
    assert len(error.value.nearest) == 3


@pytest.mark.parametrize(
    "text",
    [
        "plan: cancel taking P-101A out at 14:00", "plan: trip P-101A at 14:00",
        "plan: postpone taking P-101A out, at 14:00", "do not take P-101A out at 14:00",
        "plan: P-101A at 14:00", "plan: take P-101A out and PIC-102.sp = 330 at 14:00",
        "plan: stop P-101A at 14:00", "plan: ben takes P-101A out at 14:00",
        "plan: take P-101A or P-101B out at 14:00", "plan: take a pump out at 14:00",
    ],
)  # fmt: skip
def test_plan_with_a_word_that_is_left_over_is_none(text: str, site: Site) -> None:
    with pytest.raises(NotUnderstood):
        parse_question(text, site)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("", "names no time"), ("today at 12:30", "is past"), ("on 2026-10-20 at 14:00", "is past"),
        ("on 2026-02-30 at 14:00", "is no date"),
    ],
)  # fmt: skip
def test_past_or_absent_time_is_refused(when: str, told: str, now: datetime, site: Site) -> None:
    with pytest.raises(InvalidArguments, match=told):
        moment_of(parse_question(f"plan: take P-101A out {when}", site), now)
