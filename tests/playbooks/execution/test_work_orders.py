"""Work orders of runs: none is raised twice for the same work or the same confirmed fault."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.playbooks.binding.step_model import WorkOrderStep
from handwheel.playbooks.execution.work_orders import Maintenance
from handwheel.tools.conditions import Expression, parse_expression
from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import WorkOrders

from ...tools.conditions.samples import TAGS, reading

AT = datetime(2026, 11, 25, 8, 50, 25, tzinfo=UTC)
WORN, FOULED = "bearing-worn P-101A", "exchanger-fouled E-101"


async def _raise(
    store: WorkOrders,
    run_id: str,
    asset: str,
    due: float | Expression,
    *,
    at_most_s: float | None = None,
    faults: Sequence[str] = (),
    readings: Mapping[str, object] | None = None,
) -> None:
    """Raises the order of a run whose playbook is of its own."""
    run = SimpleNamespace(opening={"faults": list(faults)}, diagnosis={}, recorded={})
    plan: Any = SimpleNamespace(id=f"test/{run_id}", version="1.0.0", steps=(), step_values=())
    log: Any = SimpleNamespace(run_id=run_id, run=run)
    plant: Any = SimpleNamespace(readings=readings or {})
    title: Any = SimpleNamespace(render=Mock(return_value=f"Look at {asset}"))
    work = WorkOrderStep(asset, "corrective", 2, due, at_most_s, title, (), traces=False)
    step: Any = SimpleNamespace(id="order")
    clock = Mock(return_value=SimpleNamespace(wall=AT))
    await Maintenance(plan, log, plant, store, "works-7", clock).raise_order(step, work)


@pytest.mark.parametrize(
    ("faults", "asset", "is_added"),
    [
        ([WORN], "P-101A", True),
        ([FOULED, WORN], "P-101A", True),
        ([FOULED], "P-101A", False),
        ([WORN], "P-101B", False),
        ([], "P-101A", False),
    ],
)
async def test_an_order_of_another_playbook_about_a_confirmed_fault_is_added_to_the_open_one(
    tmp_path: Path, faults: Sequence[str], asset: str, is_added: bool
) -> None:
    with WorkOrders(tmp_path) as store:
        await _raise(store, "U-1", "P-101A", 86_400.0, faults=[WORN])
        await _raise(store, "U-2", asset, 3600.0, faults=faults)
        await _raise(store, "U-2", asset, 60.0, faults=faults)  # a step that is done again
        added = [each.run_id for found in store.additions().values() for each in found]
        assert (added, len(store.all())) == ((["U-2"], 1) if is_added else ([], 2))
        assert store.all()[-1].due == "2026-11-25T09:50:25.000Z"


async def test_an_order_is_about_the_faults_that_were_added_to_it_too(tmp_path: Path) -> None:
    with WorkOrders(tmp_path) as store:
        await _raise(store, "U-1", "P-101A", 86_400.0, faults=[WORN])
        await _raise(store, "U-2", "P-101A", 3600.0, faults=[WORN, FOULED])
        await _raise(store, "U-3", "P-101A", 3600.0, faults=[FOULED])
        (order,) = store.all()
        assert order.faults == [WORN, FOULED]


@pytest.mark.parametrize(("left_h", "hour"), [(5.0, 13), (100.0, 11), (None, 11)])
async def test_a_time_is_at_most_the_longest_one_also_if_it_is_unknown(
    tmp_path: Path, left_h: float | None, hour: int
) -> None:
    tag = replace(TAGS["LT-101.pv"], unit="h")
    due = parse_expression("LT-101.pv", {"LT-101.pv": tag}, unit="s")
    readings = {} if left_h is None else {"LT-101.pv": reading(left_h)}
    most_s = 3600.0 * (hour - 8)
    with WorkOrders(tmp_path) as store:
        await _raise(store, "U-1", "P-101A", due, at_most_s=most_s, readings=readings)
        assert store.all()[0].due == f"2026-11-25T{hour}:50:25.000Z"
        if left_h is None:
            with pytest.raises(ToolFailed, match="the time of the work order is unknown"):
                await _raise(store, "U-2", "P-101B", due)
