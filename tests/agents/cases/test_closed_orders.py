"""A fault that is still seen after its work order was closed, in a case of its own again."""

from pathlib import Path

import pytest

from handwheel.tools.maintenance.work_order_database import Closing
from handwheel.tools.requests.timestamps import stamp

from ...playbooks.sample_playbook import loaded
from ..conftest import NewRoom

MODES = """\
schema: failure-modes/1
every: 5 s
modes:
  - id: too-full
    title: T-101 is too full
    prior_db: -10
    playbook: test/order
    signs: [{id: high, that: "LT-101.pv > 90 %", met_db: 25, not_met_db: -20}]
"""
ORDER = """\
schema: playbook/1
id: test/order
version: 1.0.0
title: Have the basin looked at
owner: tests
style: computer-assisted
trigger: {any: [{manual: true}]}
concurrency: {key: [T-101], policy: reject}
diagnosis: {for: [{id: high, that: "LT-101.pv > 80 %"}]}
steps:
  - id: work-order
    workorder: {asset: T-101, class: inspection, priority: 2, due: 1 d, title: Look at T-101}
escalate: [{when: held, after: 10 min, to: shift-supervisor}]
limits: {max_writes: 0, max_duration: 30 min}
"""


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_fault_that_outlives_its_order_opens_a_case_again_and_is_told_once(
    new_room: NewRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    monkeypatch.setattr("handwheel.agents.cases.closed_orders.STILL_SEEN_S", 60.0)
    modes = ("own.yaml",)
    async with new_room(is_worn=False, failure_modes=modes) as room:
        (room.site.root / "own.yaml").write_text(MODES, "utf-8")
        room.library = [loaded(tmp_path, ORDER)]
        await room.start_agents()
        room.scan_s = 5.0
        room.plant.lies["LT-101.pv"] = 95.0
        await room.until(room.workorders.all, "an order")
        (order,) = room.workorders.all()
        assert order.faults == ["too-full"]
        await room.restart_agents()
        await room.scan(20)  # nothing is asked while the order is open
        assert (room.cases(), len(room.runs()), room.notices()) == ([], 1, [])
        at = stamp(room.clock.now().wall)
        closing = Closing(key=order.workorder_id, at=at, by="carl", found="too-full")
        room.workorders.close_order(closing)
        if is_gone:
            del room.plant.lies["LT-101.pv"]
        await room.scan(11)
        assert (room.cases(), len(room.runs()), room.notices()) == ([], 1, [])
        await room.scan(19)
        told = f"{order.workorder_id} is closed with found = too-full, and the fault is still seen"
        assert len(room.runs()) == (1 if is_gone else 2)
        assert room.case.condition == ("T-101 is too full" + ("" if is_gone else f"; {told}"))
        notices = [each.text for each in room.workorders.notices()]
        assert notices == ([] if is_gone else [f"{told}: T-101 is too full"])
        assert len(room.workorders.open_orders()) == (not is_gone)


async def test_a_fault_that_was_gone_for_long_opens_a_case_though_its_order_is_open(
    new_room: NewRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.agents.cases.closed_orders.STILL_SEEN_S", 120.0)
    async with new_room(is_worn=False, failure_modes=("own.yaml",)) as room:
        (room.site.root / "own.yaml").write_text(MODES, "utf-8")
        room.library = [loaded(tmp_path, ORDER)]
        await room.start_agents()
        room.scan_s = 5.0
        room.plant.lies["LT-101.pv"] = 95.0
        await room.until(room.workorders.all, "an order")
        for gone, runs in ((14, 1), (40, 2)):
            await room.scan(14)
            del room.plant.lies["LT-101.pv"]
            await room.scan(14)
            await room.restart_agents()
            await room.scan(gone - 14)
            room.plant.lies["LT-101.pv"] = 95.0
            await room.scan(14)
            assert len(room.runs()) == runs
        (order,) = room.workorders.open_orders()
        assert [each.run_id for each in room.workorders.additions()[order.workorder_id]]
