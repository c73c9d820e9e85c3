"""The agents are killed at each step of a change-over; nothing goes on until a person says so."""

from multiprocessing import active_children
from pathlib import Path

import pytest

from .sweep import sweep
from .trial import Life, Order, Trial

GOES_ON = [Life(moment="after set_due 1"), Life()]
IS_TAKEN_BACK = [Life(moment="before due 1"), Life("abort", "before undone 1"), Life("abort")]


@pytest.mark.way_in("D2")
@pytest.mark.timeout(300)
def test_a_run_goes_on_or_back_through_deaths_and_nothing_is_sent_unasked(tmp_path: Path) -> None:
    with Trial(tmp_path / "world") as trial:
        played = [trial.play(each) for each in (GOES_ON, IS_TAKEN_BACK)]
        for each in played:
            print(f"\n{each}")
        assert [each.end for each in played] == ["COMPLETE", "ABORTED"]
        assert [each.unreached for each in played] == [[], []]
        assert [each.faults for each in played] == [[], []]
        assert trial.judged() == []
    assert active_children() == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("defect", "moment", "order", "fault"),
    [
        ("silent", "after approved 1", "resume", "was sent while nobody was at work"),
        ("repeating", "before step start-standby VERIFY 1", "resume", "was commanded twice"),
    ],
)
def test_a_defect_of_the_agents_is_seen(
    tmp_path: Path, defect: str, moment: str, order: Order, fault: str
) -> None:
    with Trial(tmp_path / "world", defect=defect, is_late=True) as trial:
        played = trial.play([Life(moment=moment), Life(order)])
    assert any(fault in each for each in played.faults), played


@pytest.mark.soak
def test_killed_at_every_moment(tmp_path: Path) -> None:
    swept = sweep(tmp_path / "world")
    print(f"\n{swept}")
    assert swept.faults == []
    assert swept.kills >= 100
    assert swept.ends("COMPLETE") >= 30
    assert swept.ends("ABORTED") >= 30
