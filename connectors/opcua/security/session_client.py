"""Sessions that end soon after a loss, and logins without a password in clear.

asyncua asks for sessions of an hour, and a server that has only ten is full after ten cuts. It also
sends a password in clear where the server asks for that, and even where it offers no user names.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_session import SessionState
from asyncua.crypto.security_policies import (
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
    SecurityPolicyNone,
)
from asyncua.ua.uaerrors import UaError

from ...config.hosts import is_loopback
from ...model.endpoints import OpcuaConnection

_TIMEOUTS = 10  # of the connection, until the server ends a session that it does not hear of
_SHORTEST_S, _LONGEST_S = 20.0, 60.0
_MOST_LEFT = 8
_WATCHDOG_S = 3600.0  # asyncua's default drops a slow server after 1 s; our scans probe it
_ENCRYPTING = {
    SecurityPolicyAes128Sha256RsaOaep.URI,
    SecurityPolicyAes256Sha256RsaPss.URI,
    SecurityPolicyBasic256Sha256.URI,
}
_CLEAR = {"", SecurityPolicyNone.URI}


class LoginRefused(UaError):
    """No password was sent. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _LeftSession:
    """A session whose connection was lost before it was closed."""

    token: ua.NodeId
    nonce: bytes | None
    policies: list[ua.UserTokenPolicy]
    certificate: bytes | None  # the server's, for which a password is encrypted
    until_s: float  # monotonic; then the server has ended it


_left: dict[tuple[str, str, str], deque[_LeftSession]] = {}
"""The left sessions of this process, by endpoint, security and user.

A gate opens a new client for each write, and so they belong to no object.
"""


def session_timeout_s(config: OpcuaConnection) -> float:
    """Returns the seconds after which the server is to end a session that it does not hear of."""
    return min(max(_TIMEOUTS * config.timeout, _SHORTEST_S), _LONGEST_S)


class SessionClient(Client):
    """asyncua's client, which leaves few sessions and sends no password in clear.

    A session that a loss has left is taken over by the next client of the same user and closed
    with its subscriptions. Where the server does not allow that, it ends after its time-out.
    """

    def __init__(self, config: OpcuaConnection) -> None:
        super().__init__(config.endpoint, timeout=config.timeout, watchdog_intervall=_WATCHDOG_S)
        self.name = self.description = "Handwheel"  # for the server's list of sessions
        self.product_uri = "urn:handwheel"
        self.session_timeout = int(1000.0 * session_timeout_s(config))
        self._config = config

    async def connect(self, **options: Any) -> None:
        """Closes what earlier losses have left, then connects."""
        now_s = monotonic()
        left = [each for each in self._left() if now_s < each.until_s]
        if left:
            await self._end(left)
        await super().connect(**options)

    async def close_session(self) -> None:
        """Closes the session, and notes it where the server does not confirm that."""
        session = self.uaclient.session
        protocol = self.uaclient.protocol
        left = _LeftSession(
            session.authentication_token,
            self._server_nonce,
            self._policy_ids,
            self.security_policy.peer_certificate,
            monotonic() + self.session_timeout / 1000.0,
        )
        is_open = session.state is SessionState.ACTIVATED
        is_reached = protocol is not None and not protocol.is_closed
        try:
            await super().close_session()
            is_open = is_open and not is_reached
        finally:
            if is_open:
                self._left().append(left)

    def _left(self) -> deque[_LeftSession]:
        config = self._config
        key = (config.endpoint, config.security, self._username or "")
        return _left.setdefault(key, deque(maxlen=_MOST_LEFT))

    async def _end(self, left: Sequence[_LeftSession]) -> None:
        """Takes sessions over to a channel of its own and closes them. Each is tried once."""
        security, session = self.security_policy, self.uaclient.session
        own = security.peer_certificate
        await self.connect_sessionless()
        self._left().clear()
        try:
            for each in left:
                session.restore_authentication_token(each.token)
                self._server_nonce, self._policy_ids = cast(Any, each.nonce), each.policies
                security.peer_certificate = each.certificate
                with suppress(UaError):  # it has ended, or does not leave its channel
                    await self.activate_session(username=self._username, password=self._password)
                    await self.uaclient.close_session(True)
        except (OSError, TimeoutError):
            pass  # the server has hung up; what is left ends by itself
        finally:
            security.peer_certificate = own
            session.reset_authentication_token()
            self.disconnect_socket()

    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        """Returns a policy for the user that keeps the password from others.

        Raises:
            LoginRefused: The server offers no user names, or accepts the password only in clear on
                a channel that is not encrypted and leaves this machine.
        """
        if token_type is not ua.UserTokenType.UserName:
            return super().server_policy(token_type)
        offered = [each for each in self._policy_ids if each.TokenType == token_type]
        if not offered:
            raise LoginRefused(
                f"the server offers no user names, so that {self._username!a} cannot log in; the "
                "password was not sent. Its administrator must allow user names there"
            )
        for each in offered:
            uri = cast(str | None, each.SecurityPolicyUri) or self.security_policy.URI
            if uri in _ENCRYPTING and self.security_policy.peer_certificate:
                each.SecurityPolicyUri = cast(ua.String, uri)
                return each
        for each in offered:
            if (cast(str | None, each.SecurityPolicyUri) or "") in _CLEAR and self._is_private():
                return each
        raise LoginRefused(
            "the server wants the password in clear, or encrypted in an unsafe way, on a channel "
            "that is not encrypted; it was not sent. Use a security that ends in SignAndEncrypt"
        )

    def _is_private(self) -> bool:
        """Whether nobody on the network hears what is sent in clear."""
        mode = self.security_policy.Mode
        is_here = is_loopback(urlsplit(self._config.endpoint).hostname or "")
        return mode == ua.MessageSecurityMode.SignAndEncrypt or (
            mode == ua.MessageSecurityMode.None_ and is_here
        )
