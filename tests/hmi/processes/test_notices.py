"""Delivery beside the agents: notices go out, and no fault of it ends the agents."""

from dataclasses import replace
from pathlib import Path

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.hmi.processes.notices import delivering_notices
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.notices.attempt_database import NOTICES_FILE
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...plants.devices.misbehaving import eventually
from ...sites.site_text import load


async def test_notices_go_out_while_the_body_runs_and_a_broken_database_ends_nothing(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    horn = {"kind": "command", "run": ["sh", "-c", f"cat > {out}.new; mv {out}.new {out}"]}
    spec = NoticeSpec.model_validate({"channels": {"horn": horn}, "to": {"ben": {"horn": "hall"}}})
    site = replace(load(tmp_path), notices=spec)
    with WorkOrders(site.state) as orders:
        at = stamp(instant_now().wall)
        orders.notify(Notice(key="U-1/1", at=at, to="ben", text="held", run_id="U-1"))
    (site.state / NOTICES_FILE).write_text("no database", encoding="utf-8")
    async with delivering_notices(site):
        pass
    (site.state / NOTICES_FILE).unlink()
    async with delivering_notices(site):
        await eventually(out.exists)
    async with delivering_notices(replace(site, notices=None)):
        pass
