"""Rows as they come, to processes that live on."""

# pyright: reportPrivateUsage=false

import asyncio
import json
import os
import select
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from http.client import HTTPResponse, IncompleteRead
from itertools import islice
from pathlib import Path
from shutil import rmtree
from time import monotonic
from typing import cast

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerReplaced
from handwheel.tools.guardrails.client import event_stream
from handwheel.tools.guardrails.client.event_stream import EventStream, Leases
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.client.gate_connection import connected_socket
from handwheel.tools.guardrails.client.gate_socket import SOCKET_FILE
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.gate.server import events
from handwheel.tools.guardrails.ledger.runner_lock import live_runner
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.socket_server.unix_socket import listening_socket
from handwheel.tools.requests.timestamps import Instant

from ....gate.server.served_ledger import DEADLINE_S, ServedLedger, served
from ....gate.testbed.effects import take_runner_lock
from ....sites.signed_requests import NOW


def _wait_for(client: GateClient, is_so: Callable[[], bool]) -> None:
    until_s = monotonic() + DEADLINE_S
    while not is_so():
        assert monotonic() < until_s
        client.wait(1.0)


def _wait_for_row(client: GateClient, seq: int) -> None:
    """Waits until the copy has every row up to this one: it takes none but the next."""
    _wait_for(client, lambda: client.version() == seq)


def _stream(ledger: ServedLedger, after: int) -> HTTPResponse:
    with closing(connected_socket(ledger.site.state, DEADLINE_S)) as connected:
        path = f"GET /v1/events?after={after} HTTP/1.1\r\nHost: gate\r\n\r\n"
        connected.sendall(path.encode())
        response = HTTPResponse(connected)  # keeps the socket open
        response.begin()
        return response


def _numbers(stream: HTTPResponse, count: int | None = None) -> list[int]:
    """The numbers of the next rows, or of all until it breaks off."""
    whole = (line for line in stream if line.endswith(b"\n") and line.startswith(b"["))
    numbers: list[int] = []
    with suppress(IncompleteRead):  # it breaks off within a line
        numbers.extend(json.loads(line)[0] for line in islice(whole, count))
    return numbers


@pytest.fixture
def stream(ledger: ServedLedger) -> Iterator[HTTPResponse]:
    with closing(_stream(ledger, 0)) as response:
        yield response


def test_the_stream_begins_behind_a_number_and_goes_on_with_each_new_row(
    ledger: ServedLedger, stream: HTTPResponse
) -> None:
    assert _numbers(stream, 1) == [1]
    ledger.write(2)
    assert _numbers(stream, 2) == [2, 3]


def test_the_stream_tells_the_leases_at_once_and_when_nothing_comes(
    ledger: ServedLedger, client: GateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_KEEP_ALIVE_S", 0.01)
    ledger.do(lambda database: take_runner_lock(database, NOW))
    later = replace(NOW, boot_ms=NOW.boot_ms + 20_000)
    copy = cast(Database, client)
    _wait_for_row(client, 2)
    assert live_runner(copy, NOW) == os.getpid()
    assert live_runner(copy, later) is None
    ledger.do(lambda database: _renewed(database, later))
    _wait_for(client, lambda: live_runner(copy, later) is not None)


def test_leases_from_before_a_row_of_the_copy_change_nothing(
    ledger: ServedLedger, client: GateClient
) -> None:
    early = Leases(client.version(), [])
    ledger.do(lambda database: take_runner_lock(database, NOW))
    assert not have_agents_stopped(cast(Database, client), NOW)  # asks before it says so
    client._incoming.append(early)
    assert live_runner(cast(Database, client), NOW) == os.getpid()


def _renewed(database: Database, now: Instant) -> None:
    with database.transaction(now) as transaction:
        transaction.change("UPDATE lease SET renewed_boot_ms = ?", (now.boot_ms,))


def test_a_stream_is_closed_while_the_gate_has_not_answered_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_END_S", 0.01)
    with closing(listening_socket(tmp_path, SOCKET_FILE)) as listening:
        stream = EventStream(tmp_path, 0, lambda _: None)
        select.select([listening], [], [], DEADLINE_S)
        stream.close()
        assert stream._thread.is_alive()
    stream._thread.join(DEADLINE_S)
    assert not stream._thread.is_alive()


def test_twenty_followers_get_an_event(ledger: ServedLedger) -> None:
    with ExitStack() as exits:
        clients = [
            exits.enter_context(GateClient(ledger.site.state, ledger.site.id)) for _ in range(20)
        ]
        for seq in (2, 3):  # the second comes when all are there
            ledger.write()
            for client in clients:
                _wait_for_row(client, seq)


def test_no_row_is_lost_when_streams_break_off_again_and_again(
    ledger: ServedLedger, client: GateClient
) -> None:
    follower = client.follow()
    for number in range(2, 12):
        ledger.write()
        if number % 3 == 0:
            _wait_for_row(client, number)
        if (stream := follower._stream) is not None:
            stream.end()
    _wait_for_row(client, 11)


def test_follower_goes_on_when_the_gate_was_started_again(quiet_site: Site, tmp_path: Path) -> None:
    site = replace(quiet_site, state=tmp_path)
    with ExitStack() as exits:
        with served(site) as ledger:
            client = exits.enter_context(GateClient(tmp_path, site.id))
            ledger.write()
            _wait_for_row(client, 2)
        _wait_for(client, lambda: client.is_cut_off)
        with served(site) as ledger:
            ledger.write(3)
            _wait_for_row(client, 5)
            assert not client.is_cut_off


def test_a_follower_who_does_not_read_is_dropped_and_the_others_go_on(
    ledger: ServedLedger,
    client: GateClient,
    monkeypatch: pytest.MonkeyPatch,
    stream: HTTPResponse,
) -> None:
    monkeypatch.setattr(events, "_WRITE_S", 0.05)
    for number in range(1, 41):
        ledger.write(10, size=10_000)
        _wait_for_row(client, 1 + 10 * number)
    dropped = select.poll()
    dropped.register(stream.fileno(), select.POLLRDHUP)
    assert dropped.poll(DEADLINE_S * 1000)
    monkeypatch.undo()  # a slow machine cuts off readers, too
    got = _numbers(stream)
    assert got == list(range(1, len(got) + 1))
    with closing(_stream(ledger, len(got))) as rest:
        got += _numbers(rest, 401 - len(got))
    assert got == list(range(1, 402))


def test_a_number_that_the_journal_has_not_reached_is_refused_and_others_get_each_row(
    ledger: ServedLedger, client: GateClient
) -> None:
    with closing(_stream(ledger, 999)) as refused:
        assert (refused.status, json.loads(refused.read())["code"]) == (422, "arguments")
    ledger.write()
    _wait_for_row(client, 2)


def test_a_follower_of_a_ledger_that_is_another_one_now_says_so_each_time(
    quiet_site: Site, tmp_path: Path
) -> None:
    site = replace(quiet_site, state=tmp_path)
    with ExitStack() as exits:
        with served(site) as ledger:
            client = exits.enter_context(GateClient(tmp_path, site.id))
            ledger.write(3)
            _wait_for_row(client, 4)
        rmtree(tmp_path / "ledger")
        with served(site):
            client.wait(DEADLINE_S)
            for _ in range(2):
                with pytest.raises(LedgerReplaced, match="another one than before"):
                    _wait_for(client, lambda: client.version() != 4)


def test_a_moment_stays_as_it_is_while_rows_come(ledger: ServedLedger, client: GateClient) -> None:
    with client.one_moment():
        client.follow()
        ledger.write()
        client.wait(DEADLINE_S)
        assert client.version() == 1
    _wait_for_row(client, 2)


async def test_waiting_ends_with_a_row_in_a_loop_too(
    ledger: ServedLedger, client: GateClient
) -> None:
    waiting = [asyncio.create_task(client.wait_async(DEADLINE_S)) for _ in range(2)]
    await asyncio.sleep(0)
    ledger.write()
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*waiting)
    assert client.version() == 2
    await client.wait_async(0.0)
