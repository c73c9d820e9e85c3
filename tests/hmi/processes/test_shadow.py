"""A shadow beside the real agents of a stepped room: it asks as they do, and can file nothing."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from handwheel.agents.agent_context import ShadowLedger
from handwheel.agents.deviations.case import case_ids, load_case
from handwheel.agents.shadow_agents import ShadowAgents, ShadowContext
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.playbooks.preview.asking import preview_requests
from handwheel.hmi.processes.shadow_text import show_shadow_row, summary_lines
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.guardrails.ledger.store.database import Database, Ledger
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders

F01 = FaultEvent("F01", 60.0, {"d0": 0.5, "tau": 3600.0})


def _shadow(room: SteppedTrial, read: Ledger, own: Database, notices: WorkOrders) -> ShadowAgents:
    site, real = room.site, room.people.decision_context
    plans = room.agents.bindings.triggered(load_library(site)[0])

    async def survey(tags: Sequence[Tag], written: Sequence[Tag]) -> Survey:
        return room.plant.survey(tags, written)

    context = DecisionContext(site, read, real.policy, real.roster)
    preview = partial(
        preview_requests, context, cross_limits(site, real.policy), survey, room.clock.now
    )
    shadowed = DecisionContext(site, own, real.policy, real.roster)
    ledger = ShadowLedger(LedgerWriter.take(shadowed, room.clock.now))
    view = PlantView.of_plans(plans, site.clock_tag)
    return ShadowAgents(
        ShadowContext(ledger, view, notices, plans, lambda _: None, room.clock.now, preview)
    )


async def test_a_shadow_asks_as_the_agents_and_files_nothing(site: Site, tmp_path: Path) -> None:
    async with SteppedTrial.open(site, create, seed=1, faults=[F01]) as room:
        name, folder = room.site.id, tmp_path / "shadow"
        with (
            Database(folder, name) as own,
            WorkOrders(folder) as notices,
        ):
            read = room.database
            shadow = _shadow(room, read, own, notices)
            while not room.waiting:
                await room.step(5.0)
                await shadow.scan(room.plant.readings(), room.now_s)
            filed = len(list(read.journal()))
            await shadow.scan(room.plant.readings(), room.now_s)
            (case,) = [load_case(own, each) for each in case_ids(own)]
            rows = list(own.journal())
            assert len(list(read.journal())) == filed
        (asked,) = room.waiting
        steps = [each for each in case.judgement["asks"]["steps"] if "tag" in each]
        commands = [(each.step, each.tag) for each in asked.request.commands]
        assert [(each["step"], each["tag"]) for each in steps][: len(commands)] == commands
        (owner,) = case.judgement["asks"]["blocked_by"]
        assert owner.startswith(f"{next(iter(room.runs))} owns its equipment; next: ")
        kinds = {str(row.fields["kind"]) for row in rows}
        assert kinds == {"ledger.created", "lease.taken", "case.opened", "case.judged"}
        told = "\n".join(show_shadow_row(each, as_json=False) for each in rows)
        assert "would ask    cw/pump-bearing-changeover (P-101A, P-101B)\n" in told
        assert "\n          start-standby  P-101B.run_cmd false → true\n" in told
        assert "asks 1 signature as operator within 15 min 00 s for start-standby" in told
        head, *_ = summary_lines(name, 60.0, [case])
        assert head.endswith("1 case, 1 would have been asked for; nothing was filed")


def test_the_ledger_of_a_shadow_has_no_way_to_file() -> None:
    assert "make" not in dir(ShadowLedger)
