"""Work orders of runs: none is raised twice for the same work or the same confirmed fault."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.playbooks.execution.work_orders import Maintenance
from handwheel.tools.maintenance.work_order_database import WorkOrders

AT = datetime(2026, 11, 25, 8, 50, 25, tzinfo=UTC)
WORN, FOULED = "bearing-worn P-101A", "exchanger-fouled E-101"


async def _raise(
    store: WorkOrders, run_id: str, faults: Sequence[str], asset: str, due_s: float = 86_400.0
) -> None:
    """Raises the order of a run whose playbook is of its own."""
    run = SimpleNamespace(opening={"faults": list(faults)}, diagnosis={}, recorded={})
    plan: Any = SimpleNamespace(id=f"test/{run_id}", version="1.0.0", steps=(), step_values=())
    log: Any = SimpleNamespace(run_id=run_id, run=run)
    plant: Any = SimpleNamespace(readings={})
    title = SimpleNamespace(render=Mock(return_value=f"Look at {asset}"))
    work: Any = SimpleNamespace(
        asset=asset, kind="corrective", priority=2, due=due_s, title=title, trends=(), traces=False
    )
    step: Any = SimpleNamespace(id="order")
    await Maintenance(
        plan, log, plant, store, "works-7", Mock(return_value=SimpleNamespace(wall=AT))
    ).raise_order(step, work)


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
        await _raise(store, "U-1", [WORN], "P-101A")
        await _raise(store, "U-2", faults, asset, due_s=3600.0)
        await _raise(store, "U-2", faults, asset, due_s=60.0)  # a step that is done again
        added = [each.run_id for found in store.additions().values() for each in found]
        assert (added, len(store.all())) == ((["U-2"], 1) if is_added else ([], 2))
        assert store.all()[-1].due == "2026-11-25T09:50:25.000Z"
