"""Set points that the agents advise on save power of cw-100 at each load, and break nothing."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.lookahead.load import SiteTwin
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.evaluation.twins.cw100.twin import CoolingWaterTwin
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create

pytestmark = pytest.mark.soak

_HOURS = 5.0
_LOADS = (30.0, 36.0, 42.0)  # m3/h of product


def _rows(room: SteppedTrial, kind: str) -> list[dict[str, Any]]:
    rows = (row.fields for case in room.cases for row in room.database.find_rows(case))
    return [dict(each["body"]) for each in rows if each["kind"] == kind]


def _number(room: SteppedTrial, tag: str) -> float:
    return float(room.values[tag])


@pytest.mark.parametrize("load", _LOADS)
async def test_an_advice_saves_what_it_promises_at_each_load(tmp_path: Path, load: float) -> None:
    write_site(tmp_path / "cw", create(None), PlantEndpoints())
    twin = SiteTwin("cw-100", CoolingWaterTwin(), 0.05, 3600.0)
    site = load_site(tmp_path / "cw")
    async with SteppedTrial.open(site, create, seed=int(load), twin=twin) as room:
        room.plant.simulation.plant.write("FIC-201.sp", load)
        while room.now_s < _HOURS * 3600.0:
            is_open = any(not each.is_closed for each in room.runs.values())
            await room.step(1.0 if is_open else 5.0)
            for each in [one for one in room.waiting if one.state == "PENDING"]:
                room.people.approve(each.request, "anna")
            if room.now_s > 300.0:
                assert _number(room, "PT-102.pv") > 300.0
                assert _number(room, "TT-202.pv") < 50.0
                assert _number(room, "TT-106.pv") < 29.5
        assert {str(each.state) for each in room.runs.values()} == {"COMPLETE"}
        promised, measured = _rows(room, "case.promised"), _rows(room, "case.measured")
        print(f"{load:g} m3/h: {promised[0]['text']}; {measured[0]['text']}")
        assert measured[0]["is_kept"]
        assert measured[0]["measured"] > 0.2
