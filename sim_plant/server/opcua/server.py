"""OPC UA server on asyncua, with the plant's address space, rules and services."""

import asyncio
from datetime import UTC, datetime
from typing import cast

from asyncua import ua
from asyncua.crypto.permission_rules import SimpleRoleRuleset
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from ...model import Node, namespace_uri
from ..frame_log import FrameLog
from ..process_image import ProcessImage
from .access.accounts import GATE, Accounts
from .access.certificates import ServerIdentity
from .access.listener import ListeningServer
from .access.service_rules import PlantRules
from .access.sessions import Sessions
from .address_space import SpaceBuilder, variant
from .alarm_methods import PlantCalls
from .alarms.condition_set import Conditions
from .node_adder import NodeAdder
from .node_ids import standard_node
from .status_codes import QUALITIES, status
from .writes import PlantWrites

_CURRENT_TIME = standard_node(ObjectIds.Server_ServerStatus_CurrentTime)
_POLICIES = [
    ua.SecurityPolicyType.NoSecurity,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
]


class OpcuaServer:
    """Serves a process image on loopback, without writes by viewers.

    `gate_secret` is the password of the account `gate`, before that of the identity; without either
    no client may write. Without an identity there is no encryption and no operator.
    """

    def __init__(
        self,
        image: ProcessImage,
        frames: FrameLog,
        model: str,
        gate_secret: str | None,
        identity: ServerIdentity | None = None,
    ) -> None:
        self._image = image
        self._frames = frames
        self._model = model
        passwords = dict(identity.passwords) if identity is not None else {}
        if gate_secret is not None:
            passwords[GATE] = gate_secret
        self._sessions = Sessions(Accounts(passwords), frames)
        self._server = ListeningServer(self._sessions, identity)
        self._policies = _POLICIES if identity is not None else _POLICIES[:1]
        self._tags = {tag.name: tag for tag in image.tags if isinstance(tag.address, Node)}
        self._nodes: dict[str, ua.NodeId] = {}
        self._conditions = Conditions(self._sessions, image)

    @property
    def port(self) -> int:
        """Port on which the server listens."""
        assert self._server.bserver is not None
        return self._server.bserver.port

    async def start(self, port: int) -> None:
        """Listens on loopback, for port 0 on a free port. Raises `OSError` for a port in use."""
        server = self._server
        uri = namespace_uri(self._model)
        server.disable_clock()  # its loop delays the stop by up to a second
        await server.init()
        await server.set_application_uri(uri)
        server.set_server_name(f"Handwheel simulated plant {self._model}")
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
        server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
        rules = cast(SimpleRoleRuleset, PlantRules(self._frames))  # asyncua needs no more of it
        server.set_security_policy(self._policies, rules)
        await self._build(await server.register_namespace(uri))
        server.set_attribute_value_callback(_CURRENT_TIME, _now)
        self._sessions.attribute_service = PlantWrites(
            self._sessions.aspace,
            {self._nodes[name]: tag for name, tag in self._tags.items()},
            self._image,
            self._frames,
            self.publish,
            lambda: self.port,
        )
        calls = PlantCalls(
            self._conditions, self._image, self._frames, self.publish, lambda: self.port
        )
        self._sessions.answer_calls = calls.answer
        await server.start()

    async def _build(self, namespace: int) -> None:
        adder = NodeAdder(self._server, namespace)
        space = SpaceBuilder(adder)
        root = await space.build(self._model.upper(), self._tags, self._image.values)
        self._nodes = space.nodes
        await self._conditions.build(adder, space, root)

    async def publish(self) -> None:
        """Copies the process image into the address space, and sends alarm events."""
        sampled = self._image.sampled_at
        values, qualities = self._image.values, self._image.qualities
        write = self._sessions.aspace.write_attribute_value
        for name, tag in self._tags.items():
            code = QUALITIES[qualities[name]] if name in qualities else StatusCodes.Good
            data = _stamped(variant(tag, values[name]), sampled, code)
            await write(self._nodes[name], AttributeIds.Value, data)
        await self._conditions.update()

    async def stop(self) -> None:
        """Closes every session and stops listening."""
        stopping = asyncio.create_task(self._server.stop())
        while not stopping.done():
            # asyncua waits for clients that do not read, or connect while it is stopping.
            for transport in list(self._server.iserver.asyncio_transports):
                transport.abort()
            await asyncio.wait([stopping], timeout=0.05)
        stopping.result()
        await asyncio.sleep(0)  # lets the closed transports run their callbacks


def _now(_node: ua.NodeId, _attribute: AttributeIds) -> ua.DataValue:
    now = datetime.now(UTC)
    return _stamped(ua.Variant(now, ua.VariantType.DateTime), now, StatusCodes.Good)


def _stamped(value: ua.Variant, time: datetime, code: int) -> ua.DataValue:
    stamp = cast(ua.DateTime, time)
    return ua.DataValue(value, status(code), SourceTimestamp=stamp, ServerTimestamp=stamp)
