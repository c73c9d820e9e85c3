"""What the gate takes over its socket, and what it does not."""

# pyright: reportPrivateUsage=false

import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import Processes
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.messages.agents import RenewRunnerLock
from handwheel.tools.guardrails.client.gate_client import GateClient
from handwheel.tools.guardrails.client.gate_connection import connected_socket
from handwheel.tools.guardrails.client.gate_socket import SOCKET_FILE
from handwheel.tools.guardrails.gate.server import ledger_server
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused
from handwheel.tools.guardrails.socket_server import bodies, peers
from handwheel.tools.guardrails.socket_server.connections import ConnectionLimits
from handwheel.tools.guardrails.socket_server.unix_socket import listening_socket
from handwheel.tools.requests.canonical import canonical

from ...hmi.end_to_end.os_users import interpreter
from ...sites.authority_site import later
from ...sites.signed_requests import NOW
from ..testbed.effects import take_runner_lock
from .served_ledger import (
    DEADLINE_S,
    AgentNote,
    Doubt,
    Note,
    ServedLedger,
    exchange,
    get,
    post,
    served,
)

PYTHON = interpreter() if os.geteuid() == 0 else ""
NOTE = Note(site="cw-demo")
FIELDS: dict[str, Any] = NOTE.model_dump(by_alias=True)


def _body(**changed: object) -> bytes:
    return canonical({**FIELDS, **changed}).encode()


REFUSED = [
    ("/v1/notes", b"x" * (256 * 1024 + 1), 413, "too-large"),
    ("/v1/notes", NOTE.text[:-1].encode(), 400, "not-canonical"),
    ("/v1/notes", b" " + NOTE.text.encode(), 400, "not-canonical"),
    ("/v1/notes", NOTE.text.encode("utf-16"), 400, "not-canonical"),
    ("/v1/notes", b"[" * 100_000, 400, "not-canonical"),
    ("/v1/notes", canonical({k: v for k, v in FIELDS.items() if k != "count"}).encode(), 400,
     "not-canonical"),
    ("/v1/notes", b"[]", 400, "form"),
    ("/v1/notes", _body(more=1), 400, "form"),
    ("/v1/notes", _body(schema="note/1"), 400, "version"),
    ("/v1/notes", _body(site="other"), 421, "other-site"),
    ("/v1/notes", _body(fault="it is hot"), 409, "interlock"),
    ("/v0/notes", NOTE.text.encode(), 404, "unknown-path"),
    ("/v1/nothing", NOTE.text.encode(), 404, "unknown-path"),
]  # fmt: skip


def test_a_bad_message_is_denied_with_its_code_and_changes_nothing(ledger: ServedLedger) -> None:
    before = ledger.rows
    for path, body, status, code in REFUSED:
        answer, fields = post(ledger.site.state, path, body)
        assert (answer, fields["code"]) == (status, code), fields
        assert fields.keys() == {"code", "reason", "lifted_by"}
        assert ledger.rows == before
    assert post(ledger.site.state, "/v1/notes", NOTE.text.encode())[0] == 200
    assert ledger.rows == [*before, ("note", "pump")]


def test_a_message_of_unknown_length_that_is_too_large_is_denied(ledger: ServedLedger) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (300_000, b"x" * 300_000)
    head = "POST /v1/notes HTTP/1.1\r\nTransfer-Encoding: chunked"
    status, fields = exchange(ledger.site.state, head, body)
    assert (status, fields["code"]) == (413, "too-large")


def test_a_question_whose_sender_has_left_is_no_fault_of_the_gate(
    ledger: ServedLedger, caplog: pytest.LogCaptureFixture
) -> None:
    def ask_and_leave(_: object) -> None:
        with closing(connected_socket(ledger.site.state, DEADLINE_S)) as connected:
            connected.sendall(b"GET /v1/state HTTP/1.1\r\nHost: gate\r\n\r\n")

    ledger.do(ask_and_leave)  # the server is busy meanwhile
    get(ledger.site.state, "/v1/status")
    assert not caplog.records


def test_a_half_sent_message_changes_nothing(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, text = ledger.rows, NOTE.text.encode()
    head = f"POST /v1/notes HTTP/1.1\r\nContent-Length: {len(text)}"
    with closing(connected_socket(ledger.site.state, 5.0)) as connected:
        connected.sendall(head.encode() + b"\r\nHost: gate\r\n\r\n" + text[:-1])
    monkeypatch.setattr(bodies, "_PATIENCE_S", 0.01)
    status, fields = exchange(ledger.site.state, head, text[:-1])
    assert (status, fields["code"]) == (408, "half-sent")
    assert ledger.rows == before
    monkeypatch.undo()
    assert exchange(ledger.site.state, head, text)[0] == 200


def test_messages_are_denied_when_a_process_sends_more_than_50_in_a_second(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr(peers, "monotonic", lambda: now_s)
    text = NOTE.text.encode()
    answers = [post(ledger.site.state, "/v1/notes", text)[0] for _ in range(50)]
    assert set(answers) == {200}
    status, fields = post(ledger.site.state, "/v1/notes", Note(site="cw-demo").text.encode())
    assert (status, fields["code"]) == (429, "too-many")
    assert ledger.rows.count(("note", "pump")) == 1
    now_s += 1.0
    assert post(ledger.site.state, "/v1/notes", Note(site="cw-demo").text.encode())[0] == 200


def test_a_message_that_is_sent_twice_counts_once_with_the_same_answer(
    ledger: ServedLedger,
) -> None:
    answers = [post(ledger.site.state, "/v1/notes", _body(count=2)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert ledger.rows.count(("note", "pump")) == 2
    same = Note(site="cw-demo", count=2)  # another message that says the same
    assert post(ledger.site.state, "/v1/notes", same.text.encode())[1] != answers[0][1]
    assert ledger.rows.count(("note", "pump")) == 4


def test_nothing_is_accepted_while_the_ledger_cannot_be_written(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("ledger.db: database or disk is full")

    before, text = ledger.rows, NOTE.text.encode()
    with monkeypatch.context() as patch:
        patch.setattr(ledger.context.database, "append", full)
        status, fields = post(ledger.site.state, "/v1/notes", text)
    assert (status, fields["code"]) == (503, "ledger")
    assert "disk is full" in fields["reason"]
    assert ledger.rows == before
    assert post(ledger.site.state, "/v1/notes", text)[0] == 200


def test_a_message_that_was_refused_is_refused_again_when_it_is_sent_again(
    ledger: ServedLedger,
) -> None:
    text = Doubt(site="cw-demo").text.encode()
    for _ in range(2):
        status, fields = post(ledger.site.state, "/v1/doubts", text)
        assert (status, fields["code"]) == (403, "decision")


def test_a_message_refused_once_is_answered_with_what_it_has_done_later(
    ledger: ServedLedger,
) -> None:
    doubt = Doubt(site="cw-demo", until=4)
    with GateClient(ledger.site.state, "cw-demo") as client:
        with pytest.raises(DecisionRefused):
            client.submit(doubt)
        ledger.write(1)
        first, again = client.submit(doubt), client.submit(doubt)
        assert [row.fields["kind"] for row in first] == ["decision.refused", "note"]
        assert list(again) == list(first)[1:]
        assert client.version() == 5


@pytest.mark.parametrize(
    ("steps_s", "status"), [((20.0,), 200), ((2.0,) * 10, 409), ((*(2.0,) * 6, 20.0), 409)]
)
def test_the_runner_lock_outlasts_a_gate_that_stood_still_and_no_silent_runner(
    memory_site: Site, tmp_path: Path, steps_s: Sequence[float], status: int
) -> None:
    now = NOW
    with served(replace(memory_site, state=tmp_path), lambda: now, (RenewRunnerLock,)) as ledger:
        holder = ledger.do(lambda database: take_runner_lock(database, now))
        for each in steps_s:
            now = later(each, now=now)
            ledger.do(lambda _: ledger.server._stalls.note())
        text = RenewRunnerLock(site=ledger.site.id, holder=holder).text.encode()
        assert post(tmp_path, f"/v1/{RenewRunnerLock.path}", text)[0] == status


def test_a_user_with_too_many_connections_gets_one_more_when_another_is_closed(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_server, "_LIMITS", ConnectionLimits(2))
    state = tmp_path
    with (
        served(replace(memory_site, state=state)),
        closing(connected_socket(state, DEADLINE_S)) as half_sent,
    ):
        half_sent.sendall(b"GET /v1/st")
        with closing(connected_socket(state, DEADLINE_S)) as other:
            with closing(connected_socket(state, DEADLINE_S)) as third:
                assert third.recv(1) == b""
            other.sendall(b"GET /v1/status HTTP/1.1\r\nHost: gate\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"
        while True:  # until the gate has seen it close
            with suppress(ConnectionError, HTTPException):
                assert get(state, "/v1/status")[0] == 200
                break


@pytest.mark.parametrize("who", ["nobody-else", pwd.getpwuid(os.geteuid()).pw_name, ""])
def test_only_the_agents_user_may_send_for_agents(
    memory_site: Site, tmp_path: Path, who: str
) -> None:
    site = replace(memory_site, state=tmp_path, processes=Processes.model_construct(agents=who))
    with served(site) as ledger:
        before = ledger.rows
        text = AgentNote(site=site.id).text.encode()
        status, fields = post(site.state, "/v1/agent-notes", text)
        if who == "nobody-else":
            assert (status, fields["code"]) == (403, "other-user")
            assert ledger.rows == before
        else:
            assert status == 200
        assert post(site.state, "/v1/notes", NOTE.text.encode())[0] == 200


@pytest.mark.skipif(not PYTHON, reason="no Python that root can start as another user")
def test_a_user_may_send_who_is_of_the_group_and_for_agents_only_theirs(
    memory_site: Site,
) -> None:
    nobody, group = pwd.getpwnam("nobody").pw_uid, 64000
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        state = Path(folder)
        site = replace(memory_site, state=state, processes=Processes(agents="nobody"))
        with served(site) as ledger:
            for path in (state, state / "gate.sock"):
                os.chown(path, -1, group)
            state.chmod(0o750)
            text = AgentNote(site=site.id).text
            assert _sent_by(nobody, group, state, text) == "200"
            assert _sent_by(64001, group, state, text) == "403"
            assert _sent_by(nobody, nobody, state, text) == "PermissionError"
            assert ledger.rows.count(("note", "pump")) == 1


_SEND = """
import socket, sys
try:
    gate = socket.socket(socket.AF_UNIX)
    gate.connect(sys.argv[1])
    body = sys.argv[2].encode()
    head = "POST /v1/agent-notes HTTP/1.1", "Host: gate", f"Content-Length: {len(body)}", "", ""
    gate.sendall("\\r\\n".join(head).encode() + body)
    print(gate.recv(1000).split()[1].decode())
except OSError as error:
    print(type(error).__name__)
"""


def _sent_by(user: int, group: int, state: Path, text: str) -> str:
    """Sends a message as another OS user, and returns the status of the answer."""
    words = (str(state / "gate.sock"), text)
    done = subprocess.run(
        [PYTHON, "-c", _SEND, *words], user=user, group=group, extra_groups=[],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_socket_is_the_groups_and_takes_the_place_of_a_dead_gates(
    memory_site: Site, tmp_path: Path
) -> None:
    site = replace(memory_site, state=tmp_path)
    listening_socket(tmp_path, SOCKET_FILE).close()
    with served(site) as ledger:
        assert stat.S_IMODE((tmp_path / "gate.sock").stat().st_mode) == 0o660
        assert post(site.state, "/v1/notes", NOTE.text.encode())[0] == 200
        assert ("note", "pump") in ledger.rows


def test_the_server_does_not_start_when_a_link_stands_in_the_sockets_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "gate.sock").symlink_to(tmp_path / "other.sock")
    with pytest.raises(LedgerError, match="is a link"):
        listening_socket(tmp_path, SOCKET_FILE)
    assert not (tmp_path / "other.sock").exists()
