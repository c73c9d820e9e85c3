"""Checkpoints on the disk are bounded, and what `cases show --why` needs stays."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handwheel.agents.checkpoints import (
    CHECKPOINTS_FILE,
    Checkpoints,
    open_checkpoints,
    read_deliberations,
)
from handwheel.agents.graph import Deliberations
from handwheel.agents.planning.planner import Plan, PlanningCase
from handwheel.agents.planning.planners import Planners
from handwheel.agents.planning.situation import Situation

KEPT = 3
LATER = datetime.now(UTC) + timedelta(days=31)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets fewer deliberations be kept, which is faster."""
    monkeypatch.setattr("handwheel.agents.checkpoints.KEPT", KEPT)


class _ActsTwice(Planners):
    """Chooses something in the second and third deliberation."""

    async def plan(self, case: PlanningCase, bind: object) -> Plan:
        is_chosen = case.at in {"at 1", "at 2"}
        return Plan("act" if is_chosen else "abstain", "the test says so", "x" * is_chosen)


async def _judge(saver: Checkpoints, times: int, thread: str = "C-1") -> Deliberations:
    found = Deliberations(lambda _: {"is_over": False}, saver, planners=_ActsTwice())
    for n in range(times):
        await found.judge(thread, Situation(f"at {n}", [], {}, [{"id": "x" * 20_000}]))
        found.note_recorded(thread)
        await found.judge(thread, Situation(f"{n} unrecorded", [], {}))
    return found


async def _numbers(saver: Checkpoints) -> Mapping[str, int]:
    query = """SELECT thread_id, count(*) FROM checkpoints GROUP BY thread_id
    UNION ALL SELECT 'writes', count(*) FROM writes"""
    return {str(name): n for name, n in await saver.conn.execute_fetchall(query)}


async def test_a_thread_keeps_its_latest_deliberations_and_the_first_that_chose(
    tmp_path: Path,
) -> None:
    times, threads = 2 * KEPT, ["C-1", "U-1"]
    async with open_checkpoints(tmp_path) as saver:
        await _judge(saver, times, "C-1")
        deliberations = await _judge(saver, times, "U-1")
        numbers = dict(await _numbers(saver))
        assert numbers.pop("writes") <= 2 * len(threads)  # by which each waits
        assert numbers == dict.fromkeys(threads, KEPT + 1)
        await deliberations.follow("U-1")
        assert (await _numbers(saver))["U-1"] == KEPT + 1
    told = await asyncio.to_thread(read_deliberations, tmp_path, "C-1")
    newest, *recorded = told
    assert newest == f"{times - 1} unrecorded"
    assert recorded == [f"at {n}" for n in [*range(times - 1, times - KEPT, -1), 1]]


async def test_threads_over_for_a_month_are_removed_and_the_file_shrinks(tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINTS_FILE
    async with open_checkpoints(tmp_path) as saver:
        for thread in ("C-1", "C-2"):
            await _judge(saver, 2, thread)
        await saver.remove_old(LATER - timedelta(days=2), [])
        numbers = await _numbers(saver)
        assert numbers["C-1"] == numbers["C-2"] == 3
    size = path.stat().st_size
    async with open_checkpoints(tmp_path) as saver:
        await saver.remove_old(LATER, ["C-2"])
        assert (await _numbers(saver)).keys() == {"C-2", "writes"}
    assert path.stat().st_size < 0.7 * size


@pytest.mark.parametrize("what", ["locked", "damaged"])
async def test_checkpoints_that_cannot_be_removed_cost_only_a_problem_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    async with open_checkpoints(tmp_path) as saver:
        await _judge(saver, 1, "C-1")
        await _judge(saver, 1, "C-2")
        statement = {
            "locked": """CREATE TRIGGER none BEFORE DELETE ON checkpoints WHEN old.thread_id = 'C-1'
            BEGIN SELECT RAISE(ABORT, 'not now'); END""",
            "damaged": "UPDATE checkpoints SET checkpoint = x'81' WHERE thread_id = 'C-1'",
        }[what]
        await saver.conn.execute(statement)
        await saver.keep_latest("C-1", "")
        await saver.remove_old(LATER, [])
        assert "C-1" in await _numbers(saver)
        assert "C-2" not in await _numbers(saver)
        told = [each.getMessage() for each in caplog.records]
        assert len(told) == 1
        assert told[0].startswith("C-1: its checkpoints cannot be removed: ")
        caplog.clear()
