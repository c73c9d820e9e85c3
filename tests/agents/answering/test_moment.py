"""Times of plans, by the clock on the wall."""

import time
from collections.abc import Generator
from datetime import datetime

import pytest

from handwheel.agents.answering.moment import moment_of
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
        ("plan: take P-101A out on 2026-10-27 at 06:00", "2026-10-27T06:00:00+01:00"),
    ],
)
def test_time_is_that_of_the_wall_with_its_date(text: str, told: str, now: datetime) -> None:
    assert moment_of(text, now).isoformat() == told


@pytest.mark.parametrize(
    "text",
    [
        "plan: take P-101A out", "plan: take P-101A out at 1400", "at 14:00 or 15:00",
        "at 3 o'clock", "at 3:00 pm", "monday at 14:00", "next week at 14:00", "in 2 h or at 14:00",
        "tomorrow, not today, at 14:00", "at 14:00 UTC", "at 25:00", "on 2026-02-30 at 14:00",
        "today at 12:30", "on 2026-10-20 at 14:00", "on 3.12. at 14:00", "at 14:00 on Dec 3",
        "on 12/03 at 14:00", "yesterday at 14:00", "before 14:00", "until 14:00",
        "do not take P-101A out at 14:00", "every day at 14:00", "at 14:00 the day after tomorrow",
    ],
)  # fmt: skip
def test_unclear_or_past_time_is_refused(text: str, now: datetime) -> None:
    with pytest.raises(InvalidArguments):
        moment_of(text, now)
