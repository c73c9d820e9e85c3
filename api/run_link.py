"""Connection of a program to the agents of a site, over their socket."""

import asyncio
import os
import pwd
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from time import monotonic
from typing import Any, Self

import httpx

from handwheel.connectors.errors import HandwheelError, NotConnected, os_reason
from handwheel.tools.errors import InvalidArguments, LedgerError, ToolFailed
from handwheel.tools.guardrails.client.denials import error_of
from handwheel.tools.guardrails.client.gate_socket import peer_credentials
from handwheel.tools.guardrails.client.guests_socket import (
    GUESTS_SOCKET_FILE,
    MODEL_HEADER,
    MOST_CONNECTIONS,
    NAME_HEADER,
)
from handwheel.tools.requests.proposer import guest_proposer

from .errors import NoAgents

TIMEOUT_S = 30.0
"""How long an answer may take. The longest is that to a request that is waited for."""
_LIMITS = httpx.Limits(max_connections=MOST_CONNECTIONS // 2)  # so that two may be open
_ROOT = 0
_ACCOUNT = "program"  # stands for the account, which the agents find out themselves
_TOO_MANY = 429
_REFUSED = 400
_CORRECTABLE = {"form", "not-canonical", "too-large"}  # codes of what the program may correct
_PATIENCE_S = 5.0  # with an answer that there were too many messages
_PAUSE_S = 0.15
_NOT_READ = "nothing was read"


class RunLink:
    """Connection to a site's agents. `open` makes it.

    A message that was one too many in its second is sent again for up to 5 s. An answer counts only
    from a process of the folder's owner, of root, or of the site's agents.
    """

    def __init__(self, client: httpx.AsyncClient, folder: int, trusted: AbstractSet[int]) -> None:
        self._client = client
        self._folder, self._trusted = folder, trusted
        self._turn = asyncio.Lock()  # the agents answer a program once at a time

    @classmethod
    async def open(cls, state: Path, name: str, model: str | None, agents: str = "") -> Self:
        """Connects to the agents of a state folder.

        Args:
            agents: The OS user of the agents, where the site names one.

        Raises:
            NoAgents: None run there.
            InvalidArguments: The name or the model has characters that a card would not show.
            HandwheelError: They refuse this program, or another user listens in their place.

        Effect: none. Retry: none. Timeout: 30 s.
        """
        guest_proposer(name, _ACCOUNT, model)  # refuses a name that a card would not show
        try:
            folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            raise NoAgents(_NOT_READ) from None
        # A path may be too long for a socket's address.
        uds = f"/proc/self/fd/{folder}/{GUESTS_SOCKET_FILE}"
        transport = httpx.AsyncHTTPTransport(uds=uds, limits=_LIMITS)
        headers = {NAME_HEADER: name} | ({MODEL_HEADER: model} if model else {})
        client = httpx.AsyncClient(
            transport=transport, base_url="http://agents", headers=headers, timeout=TIMEOUT_S
        )
        link = cls(client, folder, {os.fstat(folder).st_uid, _ROOT, *_user_id(agents)})
        try:
            await link.get("/v1/status")
        except BaseException:
            await link.close()
            raise
        return link

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.aclose()
        os.close(self._folder)

    async def get(self, path: str, **query: object) -> Any:
        """Returns the answer to a question.

        A question that waits for a change lets others pass. Raises as `post`.

        Effect: OBSERVE. Retry: for 5 s while there are too many. Timeout: 30 s.
        """
        given = {key: value for key, value in query.items() if value is not None}
        if "wait_s" in given:
            return await self._asked("GET", path, params=given)
        async with self._turn:
            return await self._asked("GET", path, params=given)

    async def post(self, path: str, fields: Mapping[str, object]) -> Any:
        """Sends something that has a key, and returns the answer.

        Raises:
            NoAgents: The agents have ended.
            HandwheelError: They refuse it, with the error that they say.
            ToolFailed: They do not answer, or break the connection off.

        Effect: ADVISE, once for a key. Retry: for 5 s while there are too many. Timeout: 30 s.
        """
        async with self._turn:
            return await self._asked("POST", path, json=fields)

    async def _asked(self, method: str, path: str, **what: Any) -> Any:
        until_s = monotonic() + _PATIENCE_S
        while True:
            answer = await self._answer(method, path, what)
            if answer.status_code != _TOO_MANY or monotonic() >= until_s:
                break
            await asyncio.sleep(_PAUSE_S)
        try:
            fields = answer.json()
        except ValueError:
            raise ToolFailed(f"the agents' answer to {path} cannot be read") from None
        if answer.status_code >= _REFUSED:
            raise _error(fields)
        return fields

    async def _answer(self, method: str, path: str, what: Mapping[str, Any]) -> httpx.Response:
        try:
            async with self._client.stream(method, path, **what) as answer:
                self._check_listener(answer)  # before an answer that is the last one closes it
                await answer.aread()
        except httpx.TimeoutException:
            raise ToolFailed(f"the agents did not answer within {TIMEOUT_S:g} s") from None
        except httpx.TransportError as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, PermissionError):
                raise ToolFailed(f"{GUESTS_SOCKET_FILE}: {os_reason(cause)}") from None
            if isinstance(error, httpx.ConnectError):
                raise NoAgents(_NOT_READ if method == "GET" else "nothing was filed") from None
            raise ToolFailed(
                "the agents broke the connection off; they may have ended, or have too many "
                "connections of this account"
            ) from None
        return answer

    def _check_listener(self, answer: httpx.Response) -> None:
        connected = answer.extensions["network_stream"].get_extra_info("socket")
        user = peer_credentials(connected)[1]
        if user not in self._trusted:
            raise ToolFailed(
                f"{GUESTS_SOCKET_FILE} is not the agents': another user, {user}, listens there; "
                "find out who, and take it away"
            )


def _user_id(name: str) -> set[int]:
    """Returns the number of a user, nothing for a name that is empty or not known here."""
    try:
        return {pwd.getpwnam(name).pw_uid} if name else set()
    except KeyError:
        return set()


def _error(fields: Mapping[str, Any]) -> HandwheelError:
    """Returns the error of a refusal. One that only this socket knows is final."""
    code, reason = fields.get("code"), str(fields.get("reason", "the agents give no reason"))
    if code == "not-connected":
        return NotConnected({"plant": reason})
    if code in _CORRECTABLE:
        return InvalidArguments(reason)
    found = error_of(fields)
    return ToolFailed(reason) if type(found) is LedgerError and code != "ledger" else found
