"""What a guest may not do, each denied with a reason, and nothing else is disturbed."""

import asyncio
import os
import pwd
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from handwheel.agents.guests.admission import MOST_GUESTS, MOST_MESSAGES
from handwheel.agents.guests.followed_requests import Followed, FollowedRequests
from handwheel.agents.guests.guest_server import LARGEST
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.client.guests_socket import (
    GUESTS_SOCKET_FILE,
    MODEL_HEADER,
    NAME_HEADER,
)
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.socket_server import bodies, peers

from .asking import PROPOSAL, REQUESTS, WORK, WORK_REQUEST, Guests, client_of, connected, processes

USER = pwd.getpwuid(os.geteuid()).pw_name

BAD: list[tuple[str, dict[str, Any], int, str, str]] = [
    (REQUESTS, {"writes": {"PIC-1O2.sp": "360"}}, 422, "arguments", "did you mean 'PIC-102.sp'?"),
    (REQUESTS, {"writes": {"PIC-102.sp": "much"}}, 422, "arguments", "is not taken; write a deci"),
    (REQUESTS, {"writes": {"PIC-102.sp": "9999 kPa"}}, 403, "policy",
     "PIC-102.sp: 9999 lies outside the limits 280 .. 420 kPa"),
    (REQUESTS, {"writes": {"PIC-102.sp": "350 kPa"}}, 409, "interlock", "is already 350 kPa"),
    (REQUESTS, {"writes": {"PT-102.pv": "1"}, "lease": None}, 422, "arguments", "cannot be wri"),
    (REQUESTS, {"expect": ["PT-102.pv > 352 kPa"]}, 422, "arguments", "does not say by when"),
    (REQUESTS, {"expect": ["PT-999.pv > 1 within 2 min"]}, 422, "arguments", "PT-999.pv"),
    (REQUESTS, {"lease": "soon"}, 422, "arguments", "soon"),
    (REQUESTS, {"key": "short"}, 400, "form", "key: "),
    (REQUESTS, {"writes": {}}, 400, "form", "writes: "),
    (REQUESTS, {"reason": " "}, 400, "form", "reason: "),
    (REQUESTS, {"approve": True}, 400, "form", "approve: "),
    (WORK, {"equipment": "P-101Z"}, 422, "arguments", "did you mean 'P-101"),
    (WORK, {"priority": 9}, 400, "form", "priority: "),
]  # fmt: skip
BAD_QUESTIONS = [
    ("/v1/readings", 422, "a question is about 1 to 200 tags"),
    ("/v1/readings?tag=PT-1O2.pv", 422, "did you mean 'PT-102.pv'?"),
    ("/v1/window?tag=PT-102.pv", 422, "last_s is a number from 1 to"),
    ("/v1/window?tag=PT-102.pv&last_s=nan", 422, "last_s is a number from 1 to"),
    ("/v1/window?tag=PT-102.pv&last_s=60&slots=501", 422, "slots is a number from 1 to 500"),
    ("/v1/requests/R-NOTHING", 422, "is no request of this site"),
    ("/v1/decisions", 404, "has no GET /v1/decisions"),
]


@pytest.fixture(autouse=True)
async def undisturbed(guests: Guests) -> AsyncGenerator[None]:
    """No message files anything that no answer tells of, and the next question is answered."""
    yield
    found = load_requests(guests.room.desk.database)
    assert {each.request.request_id for each in found} == guests.filed
    assert (await guests.get("/v1/status"))[0] == 200
    assert guests.room.plant.frames == []


async def test_bad_fields_are_denied_with_their_reason(guests: Guests) -> None:
    for path, changes, status, code, words in BAD:
        fields = (WORK_REQUEST if path == WORK else PROPOSAL) | changes
        answer, denial = await guests.ask("POST", path, fields)
        assert (answer, denial["code"]) == (status, code), denial
        assert words in denial["reason"]
        assert denial.keys() == {"code", "reason", "lifted_by"}
    assert load_requests(guests.room.desk.database) == []
    assert (await guests.propose())[0] == 200


async def test_bad_questions_are_denied_with_their_reason(guests: Guests) -> None:
    for path, status, words in BAD_QUESTIONS:
        answer, denial = await guests.get(path)
        assert answer == status
        assert words in denial["reason"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "not-json"),
        (b"[" * 60_000, 400, "not-json"),
        (b"\xff\xfe", 400, "not-json"),
        (b"[]", 400, "form"),
        (b"x" * LARGEST, 400, "not-json"),
        (b"x" * (LARGEST + 1), 413, "too-large"),
        (b"x" * 1_000_000, 413, "too-large"),
    ],
)
async def test_body_of_no_message_is_denied(
    guests: Guests, body: bytes, status: int, code: str
) -> None:
    for content in (body, _chunked(body)):
        answer = await guests.client.post(REQUESTS, content=content)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def _chunked(body: bytes) -> AsyncGenerator[bytes]:
    """The same without its length ahead."""
    yield body[:-1]
    yield body[-1:]


async def test_half_sent_message_is_denied_in_time(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_PATIENCE_S", 0.01)

    head = (
        f"POST {REQUESTS} HTTP/1.1\r\nHost: a\r\n{NAME_HEADER}: a\r\nContent-Length: 1000\r\n\r\n{{"
    )
    answer = await _answered(guests, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code": "half-sent"' in answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {NAME_HEADER: ""},
        {NAME_HEADER: "x" * 65},
        {NAME_HEADER: 'a" approved by "anna'},
        {NAME_HEADER: "m\u0430rgin".encode()},  # a Cyrillic letter
        {NAME_HEADER: "a\tb"},
        {NAME_HEADER: "margin-agent", MODEL_HEADER: "x" * 65},
    ],
)
async def test_name_that_could_deceive_is_denied(guests: Guests, headers: Any) -> None:
    async with client_of(guests.room, headers) as client:
        answer = await client.get("/v1/status")
    assert (answer.status_code, answer.json()["code"]) == (422, "arguments")


async def test_bytes_that_are_no_http_end_their_connection(
    guests: Guests, caplog: pytest.LogCaptureFixture
) -> None:
    for head in (b"GET /v1/status HTTP/1.1\r\nHandwheel-Name: a\x01b", b"\x16\x03\x01"):
        answer = await _answered(guests, head + b"\r\n\r\n")
        assert answer.split()[1] == b"400"
        assert b'"code": "not-http"' in answer
    assert (await guests.get("/v1/status"))[0] == 200
    assert caplog.records == []


@pytest.mark.parametrize("name", ["anna", "control agent"])
async def test_name_of_somebody_else_is_shown_as_a_claim(guests: Guests, name: str) -> None:
    claims = {NAME_HEADER: name, MODEL_HEADER: "gpt-x"}
    filed = (await guests.ask("POST", REQUESTS, PROPOSAL, headers=claims))[1]["request"]
    (record,) = load_requests(guests.room.desk.database)
    assert (record.request.proposer.kind, record.request.proposer.os_user) == ("guest", USER)
    assert filed["proposer"] == f"unverified guest program “{name}”"
    assert f"account {USER}, unverified model “gpt-x”" in filed["card"][4]


async def test_flood_of_a_guest_is_denied_and_ends(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1e6
    monkeypatch.setattr(peers, "monotonic", lambda: now_s)
    asked = [guests.get("/v1/status") for _ in range(3 * MOST_MESSAGES)]
    answers = await asyncio.gather(*asked)
    assert [status for status, _ in answers].count(200) == MOST_MESSAGES
    assert {fields["code"] for status, fields in answers if status != 200} == {"too-many"}
    now_s += 1.0
    assert (await guests.get("/v1/status"))[0] == 200


async def test_guest_beyond_twenty_is_denied_until_one_leaves(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(guests, monkeypatch, MOST_GUESTS + 1) as clients:
        answers = [await each.get("/v1/status") for each in clients]
        assert [each.status_code for each in answers] == [200] * MOST_GUESTS + [503]
        assert answers[-1].json()["code"] == "too-many-guests"
        await clients[0].aclose()
        async with asyncio.timeout(30.0):  # until the server has seen it leave
            while (await clients[-1].get("/v1/status")).status_code != 200:
                pass


async def test_survey_that_hangs_delays_only_who_waits_for_it(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests.is_readable.clear()
    async with processes(guests, monkeypatch, 4) as (first, second, third, fourth):
        fresh = "/v1/readings?tag=PT-102.pv&fresh=1"
        waiting = [asyncio.create_task(each.get(fresh)) for each in (first, second)]
        waiting.append(asyncio.create_task(third.post(REQUESTS, json=PROPOSAL)))
        await guests.is_surveyed.wait()
        for path in ("/v1/status", "/v1/readings?tag=PT-102.pv", "/v1/requests", "/v1/cases"):
            assert (await fourth.get(path)).status_code == 200
        assert len(guests.surveyed) == 1  # one at a time
        guests.is_readable.set()
        answers = await asyncio.gather(*waiting)
        assert [each.status_code for each in answers] == [200, 200, 200]
        guests.filed.add(answers[-1].json()["request"]["request_id"])


async def test_guest_that_waits_for_a_turn_gets_no_second(guests: Guests) -> None:
    guests.is_readable.clear()
    fresh = "/v1/readings?tag=PT-102.pv&fresh=1"
    waiting = asyncio.create_task(guests.get(fresh))
    await guests.is_surveyed.wait()
    status, denial = await guests.get(fresh)
    assert (status, denial["code"]) == (429, "too-many")
    guests.is_readable.set()
    assert (await waiting)[0] == 200


async def test_fault_of_a_handler_costs_only_its_message(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests.room.plant, "read_all", lambda: 1 / 0)
    status, denial = await guests.get("/v1/readings?tag=PT-102.pv")
    assert (status, denial["code"]) == (500, "internal")
    assert (await guests.get("/v1/status"))[0] == 200


async def test_gate_that_is_gone_is_told_to_the_guest(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("no gate is running, so nothing was changed")

    with monkeypatch.context() as patch:
        patch.setattr(guests.room.desk.database, "append", full)
        status, denial = await guests.propose()
    assert (status, denial["code"]) == (503, "ledger")
    assert (await guests.propose())[0] == 200


async def test_guest_that_waits_is_answered_when_the_agents_end(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, filed = await guests.propose()
    path = f"{REQUESTS}/{filed['request']['request_id']}"
    token = (await guests.get(path))[1]["token"]
    follow, waits = FollowedRequests.follow, asyncio.Event()

    async def noted(*asked: Any) -> Followed:
        waits.set()
        return await follow(*asked)

    monkeypatch.setattr(FollowedRequests, "follow", noted)
    waiting = asyncio.create_task(guests.get(f"{path}?wait_s=25&seen={token}"))
    await waits.wait()
    await guests.end()
    assert (await waiting)[1]["token"] == token
    with pytest.raises(httpx.ConnectError):
        await guests.get("/v1/status")
    await guests.start()  # in the place of the socket that was left
    assert await guests.propose() == (200, filed)


async def test_socket_that_cannot_be_made_is_told(guests: Guests) -> None:
    await guests.end()
    (guests.room.site.state / GUESTS_SOCKET_FILE).unlink()
    (guests.room.site.state / GUESTS_SOCKET_FILE).touch()
    with pytest.raises(LedgerError, match="is a link, or no socket"):
        await guests.start()
    await guests.end()
    (guests.room.site.state / GUESTS_SOCKET_FILE).unlink()
    await guests.start()


async def _answered(guests: Guests, head: bytes) -> bytes:
    """Sends bytes as they are, and returns the first of the answer."""
    reader, writer = await asyncio.open_unix_connection(sock=connected(guests))
    writer.write(head)
    answer = await reader.readuntil(b"\r\n\r\n") + await reader.read(4000)
    writer.close()
    await writer.wait_closed()
    return answer
