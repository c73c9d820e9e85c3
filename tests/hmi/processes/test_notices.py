"""Delivery beside the agents: notices go out, and no fault of it ends the agents."""

from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.hmi.processes.notices import delivering_notices
from handwheel.hmi.processes.waiting_notices import WaitingNotices, why_over
from handwheel.tools.guardrails.ledger.lifecycle import move_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrders
from handwheel.tools.notices.attempt_database import NOTICES_FILE
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...gate.testbed.with_oracle import Watched
from ...plants.devices.misbehaving import eventually
from ...sites.in_memory import make_site
from ...sites.site_text import load

OPENED = {"condition": "low", "playbook": "", "deviation": "alarm LAL-301"}


def site_that_tells(folder: Path, command: str) -> Site:
    """A site whose horn runs the command, with a notice for its hall."""
    horn = {"kind": "command", "run": ["sh", "-c", command]}
    spec = NoticeSpec.model_validate(
        {"channels": {"horn": horn}, "to": {"ben": {"horn": "hall"}}, "default": ["ben"]}
    )
    site = replace(load(folder), notices=spec)
    with WorkOrders(site.state) as orders:
        at = stamp(instant_now().wall)
        orders.notify(Notice(key="U-1/1", at=at, to="ben", text="held", run_id="U-1"))
    return site


async def test_notices_go_out_while_the_body_runs_and_a_broken_database_ends_nothing(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    site = site_that_tells(tmp_path, f"cat > {out}.new; mv {out}.new {out}")
    (site.state / NOTICES_FILE).write_text("no database", encoding="utf-8")
    with Database(site.state, site.id) as database:
        async with delivering_notices(site, database):
            pass
        (site.state / NOTICES_FILE).unlink()
        async with delivering_notices(site, database):
            await eventually(out.exists)
        async with delivering_notices(replace(site, notices=None), database):
            pass


async def test_notices_go_out_while_what_waits_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def give(self: WaitingNotices) -> None:
        raise TypeError("a fault")

    monkeypatch.setattr(WaitingNotices, "give", give)
    out = tmp_path / "out"
    site = site_that_tells(tmp_path, f"sleep 0.1; touch {out}")
    with Database(site.state, site.id) as database:
        async with delivering_notices(site, database):
            await eventually(out.exists)
    assert "what waits for people: not delivered: TypeError: a fault" in caplog.text


async def test_what_waits_is_told_once_and_a_case_with_a_playbook_is_left_to_it(
    tmp_path: Path,
) -> None:
    room = Watched(replace(make_site(tmp_path), state=tmp_path / "var"))
    await room.start_gate()
    clock, database = room.clock, room.desk.database
    request, told = room.desk.propose(("PIC-102.sp", 360.0)), ProblemLog("tests.notices")
    for case, candidates in (("C-00000001", []), ("C-00000002", [{"playbook": "x"}])):
        with database.transaction(clock.now()) as transaction:
            transaction.record("case.opened", case, {**OPENED})
            transaction.record("case.judged", case, {"reason": "none", "candidates": candidates})
    with WorkOrders(tmp_path / "var") as orders:
        waiting = WaitingNotices(database, orders, ["ben"], clock.now, told)
        waiting.give()
        assert [each.run_id for each in orders.notices()] == [request.request_id]
        clock.forward(61.0)
        waiting.give()
        waiting.give()
        first, second = orders.notices()
    assert [why_over(database, clock.now(), each) for each in (first, second)] == ["", ""]
    clock.forward(request.within_s + 1.0)
    assert why_over(database, clock.now(), first).endswith(" was not approved in time")
    with database.transaction(clock.now()) as transaction:
        move_request(transaction, request.request_id, RequestState.REJECTED, "no")
    assert why_over(database, clock.now(), first).endswith(" is REJECTED")
    room.close()
    assert first.text.startswith(f"{request.request_id} waits for approval until 20")
    assert second.text == "C-00000001 is not answered by any playbook: low"
