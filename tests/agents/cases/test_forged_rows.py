"""Rows that somebody wrote into the journal make agents ask for nothing."""

from dataclasses import replace
from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..testbed.stepped_agents import AgentsRoom


async def test_rivals_that_only_a_row_of_the_journal_has_are_not_tested(
    agents_site: Site, library: list[Playbook], tmp_path: Path
) -> None:
    site = replace(agents_site, state=tmp_path / "state", failure_modes=("package:cw",))
    site.state.mkdir()
    room = AgentsRoom(site, library, Simulation(create(None), Scenario()), ())
    try:
        with room.desk.database.transaction(room.clock.now()) as transaction:
            for kind, mode in (("opened", "sticks"), ("joined", "stuck")):
                transaction.record(f"case.{kind}", "C-7K3MQ2XA", {
                    "condition": mode, "playbook": "", "place": "",
                    "deviation": f"hypothesis water-valve-{mode}",
                })  # fmt: skip
        await room.start_agents()
        room.scan_s = 5.0
        await room.scan(30)
        assert (room.requests(), room.cases()) == ([], [])
    finally:
        await room.end()
