"""A case whose judgement stays the same, or flips, fills neither the journal nor the memory."""

from handwheel.agents.cases.case_memory import CaseMemory
from handwheel.agents.graph import Deliberations
from handwheel.agents.planning.situation import Situation
from handwheel.connectors.model.site import Site

from ..conftest import NewRoom

OTHER_FAULT = """\
schema: failure-modes/1
modes:
  - id: bearing-worn
    class: pump
    title: A bearing of {pump} is worn
    prior_db: -10
    playbook: cw/pump-bearing-changeover
    signs: [{id: hot, that: "pump.vibration > 50 mm/s", met_db: 25, not_met_db: -20}]
  - id: pump-loose
    class: pump
    title: '{pump} is loose on its base'
    prior_db: -10
    signs: [{id: shakes, that: "pump.vibration > 4 mm/s", met_db: 25, not_met_db: -20}]
"""


async def test_a_free_playbook_that_is_passed_over_is_recorded_once(
    agents_site: Site, new_room: NewRoom
) -> None:
    (agents_site.root / "other.yaml").write_text(OTHER_FAULT, "utf-8")
    async with new_room(failure_modes=("other.yaml",)) as room:
        await room.start_agents()
        room.obstacle = "the test says so"
        await room.scan(60)
        room.obstacle = ""
        await room.scan(30)
        (case,) = room.cases()
        assert case.judgement["reason"].startswith("it answers another fault (bearing-worn P-101A)")
        assert case.judgement["agent"] == "supervisor"
        kinds = [each.fields["kind"] for each in room.desk.database.find_rows(case.case_id)]
        assert (kinds.count("case.judged"), room.requests()) == (3, [])


def test_a_judgement_that_flips_is_recorded_at_once_and_then_less_often() -> None:
    memory, at_s = CaseMemory(), dict[str, list[int]]()
    for now_s in range(0, 7200, 10):
        key = "named" if now_s % 20 else "undecided"
        if memory.is_new(key, now_s * 1000.0):
            memory.note(key, now_s * 1000.0)
            at_s.setdefault(key, []).append(now_s)
    assert (at_s["undecided"][:3], at_s["named"][:3]) == ([0, 60, 180], [10, 70, 190])
    assert [sum(each >= 3600 for each in rows) for rows in at_s.values()] == [12, 12]
    assert memory.is_new("another", 7200.0 * 1000.0)


async def test_deliberations_that_end_with_the_process_keep_only_the_latest() -> None:
    deliberations = Deliberations(lambda _: {"is_over": False}, None)
    sizes = set[int]()
    for n in range(4):
        await deliberations.judge("C-1", Situation(f"at {n}", [], {}))
        sizes.add(len([each async for each in deliberations.graph.aget_state_history(
            {"configurable": {"thread_id": "C-1"}}
        )]))  # fmt: skip
    assert len(sizes) == 1
