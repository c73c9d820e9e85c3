"""Connections of the OPC UA server, which serve trusted clients on open channels only.

asyncua serves sessions without checks on a connection that has opened no channel, checks the
certificate of the session but not the channel's, and leaves a client waiting after a message
that it cannot verify.
"""

import asyncio
from typing import Any, cast

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.crypto.security_policies import SecurityPolicy
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import uatcp_to_binary
from asyncua.ua.uaerrors import BadSecurityChecksFailed, UaError
from cryptography.exceptions import InvalidSignature

from ..status_codes import status
from .certificates import ServerIdentity

_CLOSED_WITHOUT_CHANNEL = {ua.MessageType.SecureMessage, ua.MessageType.SecureClose}


class ListeningServer(Server):
    """asyncua's server with the connections of this module.

    With an identity channels may be signed and encrypted, for trusted clients.
    """

    def __init__(self, iserver: InternalServer, identity: ServerIdentity | None) -> None:
        super().__init__(iserver=iserver)
        self._identity = identity
        if identity is not None:
            iserver.certificate = identity.certificate
            iserver.private_key = identity.key

    async def start(self) -> None:
        """Listens at the endpoint. Raises `OSError` if the port is in use."""
        await self._setup_server_nodes()
        await self.iserver.start()
        host, port = self._get_bind_socket_info()
        assert host is not None
        assert port is not None
        self.bserver = _Listener(self.iserver, host, port, self.limits)
        self.bserver.set_policies([_TrustedPolicy(each, self._identity) for each in self._policies])
        try:
            await self.bserver.start()
        except OSError:
            await self.iserver.stop()
            raise


class _TrustedPolicy:
    """Security policy for trusted clients, except the policy None, which is open to all."""

    def __init__(self, factory: Any, identity: ServerIdentity | None) -> None:
        self._factory = factory
        self._identity = identity

    def matches(self, uri: str, mode: ua.MessageSecurityMode | None = None) -> bool:
        return bool(self._factory.matches(uri, mode))

    def create(self, peer_certificate: bytes | None) -> SecurityPolicy:
        """Returns the policy for one channel. An untrusted client is refused without a reason."""
        is_open_to_all = self._factory.mode == ua.MessageSecurityMode.None_
        identity = self._identity
        if not is_open_to_all and (identity is None or not identity.trusts(peer_certificate)):
            raise BadSecurityChecksFailed
        policy: SecurityPolicy = self._factory.create(peer_certificate)
        return policy


class _Listener(BinaryServer):
    def _make_protocol(self) -> OPCUAProtocol:
        return _Connection(
            self.iserver, self._policies, self.clients, self.closing_tasks, self.limits
        )


class _Connection(OPCUAProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.processor is not None:
            processor: Any = _Processor(self.iserver, transport, self.limits)
            processor.set_policies(self.policies)
            self.processor = processor


class _Processor(UaProcessor):
    def __init__(
        self, iserver: InternalServer, transport: asyncio.BaseTransport, limits: TransportLimits
    ) -> None:
        super().__init__(iserver, transport, limits)
        self._wire: Any = transport
        self._serve: Any = super().process

    def _should_close_session_on_transport_loss(self) -> bool:
        return True  # no other channel can use it

    async def process(self, header: Any, body: Any) -> bool:
        before: Any = self.session
        watchdog = cast(Any, self._session_watchdog_task)
        if before is not None:
            mode = self._connection.security_policy.Mode
            before.is_encrypted = mode == ua.MessageSecurityMode.SignAndEncrypt
        is_served = await self._answer(header, body)
        if before is not None and before is not self.session:
            if watchdog is not None:  # a session whose creation failed has none
                watchdog.cancel()
            await before.close_session()  # the channel has a new one, so no client reaches it
        return is_served

    async def _answer(self, header: Any, body: Any) -> bool:
        if header.MessageType in _CLOSED_WITHOUT_CHANNEL and not self._connection.is_open():
            return self._give_up(StatusCodes.BadTcpSecureChannelUnknown)
        try:
            return bool(await self._serve(header, body))
        except (UaError, InvalidSignature, ValueError):
            return self._give_up(StatusCodes.BadSecurityChecksFailed)

    def _give_up(self, code: int) -> bool:
        error = ua.ErrorMessage(status(code), ua.String(""))
        self._wire.write(uatcp_to_binary(cast(ua.MessageType, ua.MessageType.Error), error))
        return False
