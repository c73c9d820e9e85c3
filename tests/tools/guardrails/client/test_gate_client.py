"""The copy of the ledger that a process has which is not the gate, and its messages."""

# pyright: reportPrivateUsage=false

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from aiohttp import web

from handwheel.connectors.errors import ConfigError, HandwheelError, Problem
from handwheel.connectors.hints import name_site, next_step
from handwheel.connectors.model.site import Site
from handwheel.hmi.shell.cli.exits import report_errors
from handwheel.hmi.shell.cli.ledger_wait import keep_up, wait_for_change
from handwheel.tools.errors import (
    GuardrailError,
    InterlockActive,
    InvalidArguments,
    LedgerError,
    NoGate,
    PermitRefused,
    PolicyViolation,
    TooManyRequests,
    Unanswered,
)
from handwheel.tools.guardrails.approval.messages.run_requests import OrderPending
from handwheel.tools.guardrails.client import connect, gate_connection
from handwheel.tools.guardrails.client.denials import denial_fields, denial_of, error_of
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.client.gate_connection import gate_process
from handwheel.tools.guardrails.client.gate_socket import SOCKET_FILE
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.gate.server import messages
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.store.fold import IllegalRow
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.signatures import message
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import REASONS, DecisionRefused, Reason
from handwheel.tools.guardrails.signatures.message import Message
from handwheel.tools.guardrails.socket_server.bodies import read_body
from handwheel.tools.guardrails.socket_server.unix_socket import listening_socket
from handwheel.tools.requests.timestamps import Instant, instant_now

from ....gate.server.served_ledger import SNAPSHOT, Doubt, Note, ServedLedger, served


def _kinds(client: GateClient) -> list[str]:
    return [str(row.fields["kind"]) for row in client.journal()]


def test_client_has_the_rows_of_its_message_and_those_before_when_it_has_sent_it(
    ledger: ServedLedger, client: GateClient
) -> None:
    assert _kinds(client) == ["ledger.created"]
    ledger.write(2)
    rows = client.submit(Note(site=ledger.site.id, count=2))
    assert [row.seq for row in rows] == [4, 5]
    assert _kinds(client) == ["ledger.created", "own", "own", "note", "note"]
    assert client.head() == rows[-1]


def test_client_asks_the_gate_once_for_rows_and_adds_the_new_ones_itself(
    ledger: ServedLedger, client: GateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.write(2)
    client.catch_up()
    questions = (("pump", "note"), ("pump", None), (None, "note"), (None, "own"), ("valve", None))
    before = {each: client.find_rows(*each) for each in questions}
    assert [len(rows) for rows in before.values()] == [0, 0, 0, 2, 0]
    rows = client.submit(Note(site=ledger.site.id, count=2))
    with monkeypatch.context() as patch:
        patch.setattr(client, "_gate", None)
        after = [client.find_rows(*each) for each in questions]
        client.find_rows("pump").clear()
        assert client.find_rows("pump") == rows
    assert after == [rows, rows, rows, before[None, "own"], []]
    assert after == ledger.do(lambda own: [own.find_rows(*each) for each in questions])
    assert client.find_rows("pump", limit=0) == []
    assert client.find_rows("pump", limit=1) == rows[:1]
    assert client.find_rows("pump", newest_first=True) == rows[::-1]
    assert client.find_rows("pump", after=rows[0].seq) == rows[1:]
    assert client.find_rows("pump", before=rows[1].seq) == rows[:1]


def test_client_reads_no_row_that_is_newer_than_its_copy(
    ledger: ServedLedger, client: GateClient
) -> None:
    before = client.version()
    ledger.write()
    assert [row.seq for row in client.journal()] == [1]
    assert client.find_rows("gate") == []
    assert client.version() == before
    client.catch_up()
    assert [row.seq for row in client.journal(after=1)] == [2]
    assert client.version() != before


def test_client_finds_rows_over_several_pages(ledger: ServedLedger, client: GateClient) -> None:
    ledger.write(450)
    client.submit(Note(site=ledger.site.id))
    own = list(range(2, 452))
    assert [row.seq for row in client.find_rows("gate", "own")] == own
    assert [row.seq for row in client.find_rows(kind="own", newest_first=True)] == own[::-1]
    assert [row.seq for row in client.find_rows(after=100, before=103)] == [101, 102]
    assert [row.seq for row in client.find_rows(newest_first=True, limit=1)] == [452]


@pytest.mark.parametrize(
    "error",
    [
        GuardrailError("no"), InterlockActive("hot"),
        InvalidArguments("which?"),
        LedgerError("full"), LostRace("late"), OrderPending("wait"), PermitRefused("unsigned"),
        PolicyViolation("never"), TooManyRequests("enough"), *map(DecisionRefused, sorted(REASONS)),
        ConfigError([Problem("", 0, 0, "", "wrong")]),
    ],
    ids=str,
)  # fmt: skip
def test_an_error_is_raised_as_it_was_when_its_denial_is_read(error: HandwheelError) -> None:
    again = error_of(denial_fields(denial_of(error)))
    assert (type(again), str(again)) == (type(error), str(error))
    assert getattr(again, "reason", None) is getattr(error, "reason", None)


def test_an_error_without_a_code_is_raised_as_the_class_above_it() -> None:
    assert type(error_of(denial_fields(denial_of(IllegalRow("row 1"))))) is LedgerError
    assert type(error_of({"code": "of a newer gate", "reason": "no"})) is LedgerError


def test_a_denial_names_the_command_as_its_reader_started_it() -> None:
    name_site(None)
    denial = denial_of(InterlockActive(f"locked out; {next_step('release', 'P 1')}"))
    assert denial.lifted_by == "handwheel release P 1"
    name_site(Path("/srv/cooling"))
    try:
        said = str(error_of(denial_fields(denial)))
    finally:
        name_site(None)
    assert said == "locked out; next: handwheel release 'P 1' --site /srv/cooling"


def test_a_refused_message_raises_its_own_error_and_changes_nothing(
    ledger: ServedLedger, client: GateClient
) -> None:
    before = ledger.rows
    with pytest.raises(InterlockActive, match="it is hot"):
        client.submit(Note(site=ledger.site.id, fault="it is hot"))
    assert ledger.rows == before
    with pytest.raises(DecisionRefused) as refused:
        client.submit(Doubt(site=ledger.site.id))
    assert refused.value.reason is Reason.REVOKED
    assert len(client.submit(Note(site=ledger.site.id))) == 1


def test_submit_sends_over_a_client_and_applies_at_once_without_one(
    ledger: ServedLedger, client: GateClient
) -> None:
    sent = Note(site=ledger.site.id)
    context = replace(ledger.context, database=client)
    assert [row.seq for row in message.submit(context, sent, instant_now())] == [2]

    def applied(_: Database) -> list[int]:
        own: DecisionContext = ledger.context
        return [row.seq for row in message.submit(own, Note(site=own.site.id), instant_now())]

    assert ledger.do(applied) == [3]


def test_client_gets_one_answer_when_the_gate_breaks_off_before_it(
    ledger: ServedLedger, client: GateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, added = read_body, messages.apply_once
    asked: list[web.Request] = []

    async def noted(request: web.Request, largest: int) -> bytes:
        asked.append(request)
        return await body(request, largest)

    def breaking(context: DecisionContext, sent: Message, now: Instant) -> Sequence[JournalRow]:
        rows = added(context, sent, now)
        if len(asked) == 1:
            assert asked[0].transport
            asked[0].transport.abort()
        return rows

    monkeypatch.setattr(messages, "read_body", noted)
    monkeypatch.setattr(messages, "apply_once", breaking)
    rows = client.submit(Note(site=ledger.site.id))
    assert len(asked) == 2
    assert ledger.rows == [("ledger.created", ledger.site.id), ("note", "pump")]
    assert [row.seq for row in rows] == [2]


def test_the_same_message_counts_once_when_it_is_sent_to_the_next_gate(
    quiet_site: Site, tmp_path: Path
) -> None:
    site = replace(quiet_site, state=tmp_path)
    sent = Note(site=site.id)
    with served(site), GateClient(tmp_path, site.id) as client:
        rows = client.submit(sent)
    with served(site), GateClient(tmp_path, site.id) as client:
        assert client.submit(sent) == rows
        assert _kinds(client).count("note") == 1


def test_ledger_is_opened_from_its_file_when_no_gate_runs(quiet_site: Site, tmp_path: Path) -> None:
    site = replace(quiet_site, state=tmp_path)
    with served(site), connect.open_ledger(site) as ledger:
        assert isinstance(ledger, message.MessageSender)
        rows = list(ledger.submit(Note(site=site.id)))
    with connect.open_ledger(site) as ledger:
        assert list(ledger.journal(after=1)) == rows
        assert isinstance(ledger, message.MessageSender)
        with pytest.raises(NoGate, match="next: handwheel gate"):
            ledger.submit(Note(site=site.id))
        for waits in (keep_up, partial(wait_for_change, timeout_s=60.0)):
            with pytest.raises(NoGate, match="so nothing new comes; next: handwheel gate"):
                waits(ledger)


def test_client_is_refused_by_the_gate_of_another_site(ledger: ServedLedger) -> None:
    with pytest.raises(LedgerError, match="of site 'cw-demo', not 'works-7'"):
        GateClient(ledger.site.state, "works-7")


def test_a_gate_that_does_not_answer_is_named_by_its_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        listening_socket(tmp_path, SOCKET_FILE),  # nobody reads from it
        pytest.raises(SystemExit, match="1"),
        report_errors(["status"]),
    ):
        GateClient(tmp_path, "cw", 0.05)
    words = f"handwheel: the gate, process {os.getpid()}, does not answer; it may be asked again"
    assert capsys.readouterr().err == f"{words}\n"


def test_a_gate_that_has_not_answered_is_waited_for_less_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = list[float]()
    connect_in_time = gate_connection.connected_socket

    def connected(state: Path, timeout_s: float) -> socket.socket:
        waited.append(timeout_s)
        return connect_in_time(state, timeout_s)

    def answer(listener: socket.socket, *, hangs: int, answers: int) -> None:
        for _ in range(hangs):
            listener.accept()[0].close()  # has timed out
        for _ in range(answers):
            with listener.accept()[0] as asked:
                asked.recv(4096)
                asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    monkeypatch.setattr(gate_connection, "connected_socket", connected)
    monkeypatch.setattr(gate_connection, "RETRY_PAUSE_S", 600.0)
    monkeypatch.setattr(gate_connection, "RETRY_TIMEOUT_S", 0.01)
    connection = gate_connection.GateConnection(tmp_path, 0.05)
    with listening_socket(tmp_path, SOCKET_FILE) as listener:
        listener.setblocking(True)
        for retry_s in (0.01, 30.0):
            monkeypatch.setattr(connection, "_timeout_s", max(0.05, 2.0 * retry_s))
            monkeypatch.setattr(gate_connection, "RETRY_TIMEOUT_S", retry_s)
            monkeypatch.setattr(connection, "_paused_until_s", 0.0)
            for _ in range(2):  # the second one at once, and without a connection
                with pytest.raises(Unanswered):
                    connection.ask("GET", "/v1/status")
        monkeypatch.setattr(connection, "_paused_until_s", 0.0)
        answering = Thread(target=partial(answer, listener, hangs=2, answers=2))
        answering.start()
        assert [connection.get("/v1/status").fields for _ in range(2)] == [{}, {}]
        answering.join()
    connection.close()
    assert waited == [0.05, 0.01, 30.0, 60.0]


def test_client_sends_nothing_to_a_process_that_is_not_the_folder_owners(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = "handwheel.tools.guardrails.client.gate_socket.peer_credentials"

    def stranger(_: object) -> tuple[int, int]:
        return 1, 99_999

    monkeypatch.setattr(foreign, stranger)
    with pytest.raises(LedgerError, match="another user"):
        GateClient(ledger.site.state, ledger.site.id)


def test_client_reads_the_gates_status_and_snapshot(
    ledger: ServedLedger, client: GateClient
) -> None:
    status = client.status()
    assert (status["site"], status["head"], status["runner"]) == (ledger.site.id, 1, None)
    assert (status["epoch"], status["locked"]) == (7, ["P-101B"])
    assert status["suspended"][0]["scope"] == "pkg"
    assert client.snapshot() == SNAPSHOT


def test_importing_the_client_loads_no_server_and_no_plant() -> None:
    heavy = {"aiohttp", "asyncua", "langgraph", "pymodbus", "textual"}
    probe = "import sys, handwheel.tools.guardrails.client.connect; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(done.stdout.split())


def test_a_second_gate_names_the_process_of_the_first(site: Site) -> None:
    with served(site), pytest.raises(GuardrailError, match=rf"process {os.getpid()}\)"):
        asyncio.run(open_gate(site).__aenter__())
    assert gate_process(site.state) is None
