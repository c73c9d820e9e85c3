"""Connection to the gate's socket, whose owner is checked."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic
from typing import Any, Self

from handwheel.connectors.errors import os_reason
from handwheel.connectors.hints import next_step

from ...errors import LedgerError, NoGate, Unanswered
from .denials import error_of
from .gate_socket import NOBODY, SOCKET_FILE, dial, peer_credentials

TIMEOUT_S = 5.0
"""How long an answer of the gate may take."""
RETRY_TIMEOUT_S = 1.0
"""How long the next answer may take after one that did not come, since others wait meanwhile."""
RETRY_PAUSE_S = 2.0
"""How long nothing is asked after an answer that did not come."""
TOO_MANY = 429
"""Status of the answer to a message that may be sent again in a moment."""

_REFUSED = 400


def connected_socket(state: Path, timeout_s: float) -> socket.socket:
    """Connects to the gate of a state folder.

    Raises:
        NoGate: Nobody listens there.
        LedgerError: The process that listens is not the owner's of the folder, or this user may
            not speak to it.
    """
    try:
        found, can_be_gate = dial(state, timeout_s)
    except NOBODY:
        raise NoGate from None
    except OSError as error:
        raise LedgerError(f"{state / SOCKET_FILE}: {os_reason(error)}") from None
    if not can_be_gate:
        found.close()
        raise LedgerError(
            f"{state / SOCKET_FILE} is not the gate's: another user than the folder's owner "
            "listens there. Nothing was sent; find out who, and take it away"
        )
    return found


def gate_process(state: Path) -> int | None:
    """Returns the process of the gate of a state folder, or `None` if none answers."""
    try:
        with connected_socket(state, TIMEOUT_S) as found:
            return peer_credentials(found)[0]
    except LedgerError:
        return None


class _Http(HTTPConnection):
    def __init__(self, state: Path, timeout_s: float) -> None:
        super().__init__("gate", timeout=timeout_s)
        self._state, self._timeout_s = state, timeout_s

    def connect(self) -> None:
        self.sock = connected_socket(self._state, self._timeout_s)


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of the gate."""

    status: int
    body: bytes

    @property
    def fields(self) -> Any:
        """The JSON document of the body. Raises `LedgerError` if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise LedgerError("the gate's answer cannot be read") from None


class GateConnection:
    """Connection that is kept, and made again once where it broke before an answer.

    Attributes:
        is_hanging: Whether the last question had no answer in time.
    """

    def __init__(self, state: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._state, self._timeout_s = state, timeout_s
        self._http = _Http(state, timeout_s)
        self.is_hanging = False
        self._paused_until_s = 0.0  # monotonic

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Returns the gate's answer, a refusal too.

        What is asked must count once however often it is sent.

        Raises:
            NoGate: No gate is running.
            Unanswered: What was asked may have been done; it may be asked again.
            LedgerError: This user may not speak to the gate.

        Effect: none by itself. Retry: once, if the connection broke. Timeout: 5 s. After a question
        that had no answer in time, none is asked for 2 s, and the next ones wait for 1 s.
        """
        if monotonic() < self._paused_until_s:
            raise Unanswered("the gate does not answer; it may be asked again")
        try:
            return self._asked_once(method, path, body)
        except (ConnectionError, HTTPException):
            pass  # the gate was started again, or it died: what it has done it answers again
        try:
            return self._asked_once(method, path, body)
        except NoGate:
            if body is None:
                raise  # a question that was not answered has done nothing
            hint = next_step("gate")
            raise Unanswered(
                f"the gate has ended; it may have done what was asked; {hint}"
            ) from None
        except (ConnectionError, HTTPException) as error:
            raise Unanswered(f"the gate has broken off without an answer: {error}") from None

    def _asked_once(self, method: str, path: str, body: bytes | None) -> Answer:
        try:
            self._http.request(method, path, body)
            response = self._http.getresponse()
            answer = Answer(response.status, response.read())
        except TimeoutError:
            known = self._http.sock
            process = f", process {peer_credentials(known)[0]}," if known else ""
            self._note(is_hanging=True)
            self._paused_until_s = monotonic() + RETRY_PAUSE_S
            raise Unanswered(f"the gate{process} does not answer; it may be asked again") from None
        except BaseException:
            self._http.close()  # an answer that still comes must not be taken for the next one
            raise
        if self.is_hanging:
            self._note(is_hanging=False)
        return answer

    def _note(self, *, is_hanging: bool) -> None:
        """Begins a connection anew with the time that an answer may take now."""
        self._http.close()
        self.is_hanging = is_hanging
        limit_s = min(RETRY_TIMEOUT_S, self._timeout_s) if is_hanging else self._timeout_s
        self._http = _Http(self._state, limit_s)

    def get(self, path: str) -> Answer:
        """Returns what stands at a path. Raises the gate's refusal as its own error."""
        return checked(self.ask("GET", path))


def checked(answer: Answer) -> Answer:
    """Returns an answer, or raises the error that it says."""
    if answer.status >= _REFUSED:
        raise error_of(answer.fields)
    return answer


class GateStream:
    """Stream of lines from the gate, each of which must come within some time.

    Raises:
        HandwheelError: The gate cannot be reached or refuses it.
        HTTPException: The connection broke.
        OSError: The connection broke.
    """

    def __init__(self, state: Path, path: str, timeout_s: float) -> None:
        self._http = _Http(state, timeout_s)
        try:
            self._http.request("GET", path)
            self._socket = self._http.sock
            self._response = self._http.getresponse()
            if self._response.status >= _REFUSED:
                status, body = self._response.status, self._response.read()
                checked(Answer(status, body))
        except BaseException:
            self._http.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._response.close()
        self._http.close()

    def next_line(self) -> bytes:
        """Returns the next line, which is empty at the end of the stream."""
        return self._response.readline()

    def end(self) -> None:
        """Ends the stream, so that a thread that waits for a line goes on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
