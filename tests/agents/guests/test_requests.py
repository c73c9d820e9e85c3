"""What a guest reads, proposes and learns over the socket."""

import asyncio
import time
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from handwheel.agents.deviations.case import Case
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.tools.guardrails.ledger.records import load_exactly, load_requests
from handwheel.tools.guardrails.ledger.store.states import RequestState

from .asking import KEY, PROPOSAL, REQUESTS, Guests


async def test_status_names_site_process_and_account(guests: Guests) -> None:
    status, fields = await guests.get("/v1/status")
    assert status == 200
    assert fields["site"] == guests.room.site.id
    assert fields["gate"] is True


async def test_guest_gets_readings_and_proposes_nothing_while_the_gate_hangs(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = guests.room.desk.database
    monkeypatch.setattr(database, "is_hanging", True, raising=False)
    assert (await guests.get("/v1/status"))[1]["gate"] is False
    assert (await guests.get("/v1/readings?tag=PT-102.pv"))[0] == 200
    for method, path, body in (
        ("POST", REQUESTS, PROPOSAL), ("POST", "/v1/intentions/I-7K3MQ2XA/withdraw", {}),
        ("GET", "/v1/intentions", None),
    ):  # fmt: skip
        status, found = await guests.ask(method, path, body)
        assert (status, found["code"]) == (503, "ledger")
    assert load_requests(database) == []


async def test_readings_scanned_are_latest_and_others_read_once(guests: Guests) -> None:
    _, found = await guests.get("/v1/readings?tag=PT-102.pv")
    reading = found["readings"]["PT-102.pv"]
    assert (reading["value"], reading["quality"], reading["status"]) == (349.0, "good", "Good")
    assert reading["age_s"] >= 0.0
    assert guests.surveyed == []
    _, found = await guests.get("/v1/readings?tag=PT-102.pv&tag=PIC-102.sp")
    assert found["readings"]["PIC-102.sp"]["value"] == 350.0
    await guests.get("/v1/readings?tag=PT-102.pv&fresh=1")
    assert guests.surveyed == [["PIC-102.sp"], ["PT-102.pv"]]
    guests.down = "connection refused"
    status, found = await guests.get("/v1/readings?tag=PT-102.pv&fresh=1")
    assert (status, found["code"]) == (503, "not-connected")
    assert found["reason"] == "dcs: connection refused"


async def test_proposal_is_filed_once_and_followed_to_its_end(guests: Guests) -> None:
    room = guests.room
    status, answer = await guests.propose()
    filed = answer["request"]
    assert (status, filed["outcome"]["state"]) == (200, "WAITING")
    assert filed["card"] == [
        f"{filed['request_id']}  R1, needs approval by one person: operator",
        "PIC-102.sp: 350 → 360 kPa",
        "for 2 h, then PIC-102.sp → 350 kPa",
        "expected: PT-102.pv > 352 kPa within 2 min",
        f"proposed by unverified guest program “margin-agent”, account {_user(filed)}",
        "reason, not checked: “more margin”",
    ]
    again = await guests.propose(reason="another reason")
    assert again == (200, answer)
    assert len(load_requests(room.desk.database)) == 1
    assert (await guests.get("/v1/requests"))[1] == {"requests": [filed]}

    path = f"/v1/requests/{filed['request_id']}"
    token = (await guests.get(path))[1]["token"]
    waiting = asyncio.create_task(guests.get(f"{path}?wait_s=25&seen={token}"))
    request = load_exactly(room.desk.database, filed["request_id"]).request
    room.desk.approve(request)
    _, changed = await waiting
    assert changed["token"] != token
    assert changed["request"]["outcome"]["state"] == "RUNNING"
    await room.go_round(3)
    room.plant.values["PT-102.pv"] = 355.0
    room.watch()
    _, found = await guests.get(path)
    outcome = found["request"]["outcome"]
    assert (outcome["state"], outcome["kept"]) == ("COMPLETE", True)
    assert outcome["effects"][0]["verdict"] == "CAME"


async def test_rejected_proposal_is_a_value_and_not_asked_again(guests: Guests) -> None:
    _, answer = await guests.propose()
    room = guests.room
    request = load_requests(room.desk.database)[0].request
    room.desk.say("reject", request, "anna")
    _, found = await guests.get(f"/v1/requests/{request.request_id}")
    assert found["request"]["outcome"]["state"] == "REJECTED"
    status, denied = await guests.propose(key=f"{KEY}, again")
    assert (status, denied["code"]) == (403, "too-many-requests")
    assert "the same, or a value near it, was rejected 0 s ago" in denied["reason"]
    assert (await guests.propose())[1]["request"]["request_id"] == answer["request"]["request_id"]


async def test_proposal_beside_a_waiting_one_is_denied(guests: Guests) -> None:
    await guests.propose()
    status, denied = await guests.propose(
        key=f"{KEY}, another", writes={"P-101B.run_cmd": "true"}, expect=[], lease=None
    )
    assert (status, denied["code"]) == (403, "too-many-requests")
    assert "of a guest waits for operator already" in denied["reason"]
    states = [each.state for each in load_requests(guests.room.desk.database)]
    assert states == [RequestState.PENDING]


async def test_open_case_comes_with_its_ranking(guests: Guests) -> None:
    worn = {"id": "bearing-worn P-101A", "evidence": [{"tags": ["P-101A.mode", "PT-102.pv"]}]}
    ranking = {"named": [worn["id"]], "hypotheses": [worn]}
    judged: dict[str, Any] = {
        "diagnosis": ranking,
        "deviations": [{"id": "alarm VAH-101A", "text": "it shakes", "motions": []}],
        "candidates": [{"equipment": ["P-101B"]}],
    }  # fmt: skip
    case = Case("C-1", "2026-11-25T08:50:25.123Z", "VT-101A > 7")
    guests.cases += [case, replace(case, case_id="C-2", judgement=judged)]
    _, found = await guests.get("/v1/cases")
    plain, told = found["cases"]
    assert (plain["ranking"], plain["named"]) == (None, [])
    assert (told["ranking"], told["named"]) == (ranking, ["bearing-worn P-101A"])
    assert (told["deviations"], told["equipment"]) == (["it shakes"], ["P-101A", "P-101B"])


async def test_work_request_becomes_one_order_of_a_guest(guests: Guests) -> None:
    asked = {"key": KEY, "equipment": "P-101A", "priority": 3, "text": "look at the seal"}
    status, answer = await guests.ask("POST", "/v1/work-requests", asked)
    assert status == 200
    assert await guests.ask("POST", "/v1/work-requests", asked) == (200, answer)
    _, found = await guests.get("/v1/work-orders")
    (order,) = found["work_orders"]
    assert order["workorder_id"] == answer["work_order_id"]
    assert order["title"] == "unverified guest program “margin-agent”: “look at the seal”"


def _user(filed: dict[str, Any]) -> str:
    return str(filed["card"][4].rpartition(" ")[2])


async def test_window_is_the_recorded_course_oldest_first(guests: Guests) -> None:
    site, now_s = guests.room.site, time.time()
    with closing(HistoryWriter(site.state / HISTORY_FILE, {}, definitions(site))) as writer:
        for ago_s, value in ((30.0, 340.0), (20.0, 350.0), (0.0, 350.0)):
            sample = DataValue(value, GOOD, None, None, 0.0)
            at_us = round((now_s - ago_s) * 1e6)
            writer.write([SampleBatch(at_us, [("PT-102.pv", sample)])])
    status, found = await guests.get("/v1/window?tag=PT-102.pv&last_s=120&slots=2")
    old, new = found["slots"]
    assert status == 200
    assert (old["mean"], old["good"]) == (None, 0.0)
    assert (new["low"], new["high"]) == (340.0, 350.0)
    assert 340.0 < new["mean"] < 350.0
    assert old["before_s"] == pytest.approx(120.0)
    assert new["span_s"] == pytest.approx(60.0)
