"""Triggers: the rising edge, the time it must last, what is not known, and when they re-arm."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic

import pytest

from handwheel.agents.deviations.triggers import Occasion, TriggerWatch
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, Value
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView

from ...playbooks.sample_playbook import GOOD as TEXT
from ...playbooks.sample_playbook import changed, loaded

HIGH, MIDDLE, LOW = 6.0, 4.5, 3.0
REARM = '  rearm: "duty.vibration < 0.8 * high"\n'


@pytest.fixture
def plan(site: Site, tmp_path: Path) -> BoundPlaybook:
    return bind(loaded(tmp_path, TEXT), site)


class Watched:
    """A watch over a plant whose vibration a test sets, one scan a second."""

    def __init__(self, plan: BoundPlaybook) -> None:
        self.watch = TriggerWatch(plan)
        self.view = PlantView.of(plan.conditions, "")
        self.now_s = 0.0

    async def look(
        self, vibration: Value | None, *, owned: bool = False, alarm: bool = False
    ) -> bool:
        """One scan; returns whether a trigger is due, and notes then that a run has begun."""
        self.now_s += 1.0
        status = BAD_NO_COMMUNICATION if vibration is None else GOOD
        readings = {
            "VT-101A.pv": DataValue(vibration, status, None, None, monotonic()),
            "VAH-101A.active": DataValue(alarm, GOOD, None, None, monotonic()),
        }
        self.view.observe(readings, self.now_s)
        self.watch.evaluate(self.view, is_owned=owned)
        is_due = self.watch.is_armed and self.watch.due is not None
        if is_due:
            self.watch.is_armed = False
        return is_due

    async def fires(self, vibrations: Iterable[Value | None]) -> list[int]:
        """The scans, counted from one, at which it fires."""
        return [n for n, each in enumerate(vibrations, 1) if await self.look(each)]


@pytest.mark.parametrize(
    ("vibrations", "fires"),
    [
        ([HIGH] * 200, [61]),  # true at the start counts as an edge, and fires once
        ([HIGH] * 60 + [LOW] * 60, []),
        ([HIGH] * 60 + [LOW] + [HIGH] * 61, [122]),
        ([HIGH] * 60 + [None] + [HIGH] * 61, [122]),  # what is not known breaks the time
        ([HIGH] * 61 + [MIDDLE] * 5 + [None] + [HIGH] * 100, [61]),  # it did not re-arm
        ([HIGH] * 61 + [LOW] + [HIGH] * 100, [61, 123]),
    ],
)
async def test_when_it_fires(
    plan: BoundPlaybook, vibrations: Sequence[Value | None], fires: Sequence[int]
) -> None:
    assert await Watched(plan).fires(vibrations) == fires


async def test_a_watch_when_an_order_came_and_lapsed_within_a_scan_is_evaluated_again(
    plan: BoundPlaybook,
) -> None:
    watched = Watched(plan)
    await watched.look(LOW)
    watch, view = watched.watch, watched.view
    assert watch.is_quiet(view)
    watch.due = Occasion("ordered by anna", "C-7K3MQ2XA")  # as of a case that is loaded again
    assert not watch.is_quiet(view)
    await watched.look(LOW)
    assert watch.due is None
    assert watch.is_quiet(view)


async def test_an_alarm_fires_at_once_beside_the_other_trigger(plan: BoundPlaybook) -> None:
    watched = Watched(plan)
    assert not await watched.look(LOW)
    assert await watched.look(LOW, alarm=True)
    assert not await watched.look(LOW, alarm=True)


async def test_it_does_not_rearm_while_a_run_over_its_equipment_is_open(
    plan: BoundPlaybook,
) -> None:
    watched = Watched(plan)
    assert await watched.look(HIGH, alarm=True)
    await watched.look(LOW, owned=True)
    assert not watched.watch.is_armed
    assert not await watched.look(LOW, owned=True, alarm=True)
    await watched.look(LOW)
    assert watched.watch.is_armed
    assert await watched.look(LOW, alarm=True)


async def test_without_a_rearm_it_waits_until_all_its_triggers_are_false(
    site: Site, tmp_path: Path
) -> None:
    watched = Watched(bind(loaded(tmp_path, changed((REARM, ""))), site))
    assert await watched.look(HIGH, alarm=True)
    for vibration, alarm in ((HIGH, False), (LOW, True), (None, False)):
        await watched.look(vibration, alarm=alarm)
        assert not watched.watch.is_armed
    await watched.look(MIDDLE)
    assert watched.watch.is_armed


async def test_all_when_its_parts_are_true_at_once_fires(site: Site, tmp_path: Path) -> None:
    text = changed(("  any:", "  all:"), ("for: 60 s", "for: 3 s"))
    watched = Watched(bind(loaded(tmp_path, text), site))
    scans = [(HIGH, False)] * 9 + [(HIGH, True)] * 3 + [(LOW, True), (LOW, False)] + [
        (None, False), (HIGH, True), (HIGH, True), (HIGH, True), (HIGH, True),
    ]  # fmt: skip
    fires = [n for n, (v, a) in enumerate(scans, 1) if await watched.look(v, alarm=a)]
    assert fires == [10, 19]
    assert watched.watch.condition(watched.view).startswith(
        "(VAH-101A.active) and (VT-101A.pv > 5 mm/s)"
    )
    assert not watched.watch.unknown  # at scan 15 one part was false, so the whole was
