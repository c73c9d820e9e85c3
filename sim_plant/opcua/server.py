"""The OPC UA server: asyncua's, with the plant's address space, rules and write service."""

import asyncio
from datetime import UTC, datetime
from typing import cast

from asyncua import ua
from asyncua.crypto.permission_rules import SimpleRoleRuleset
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from ..frames import FrameLog
from ..image import ProcessImage
from ..model import Node, namespace_uri
from .nodes import plant_node, standard_node
from .rules import Accounts, PlantRules
from .sessions import Sessions
from .space import SpaceBuilder, variant
from .writes import PlantWrites

_CURRENT_TIME = standard_node(ObjectIds.Server_ServerStatus_CurrentTime)


class OpcuaServer:
    """Serves a process image on loopback; a viewer, anonymous included, cannot write.

    Args:
        image: What is served.
        frames: Records every write, refused ones included.
        model: The plant's model name; gives folder and namespace.
        gate_secret: Password of the account `gate`; without one nobody may write.
    """

    def __init__(
        self, image: ProcessImage, frames: FrameLog, model: str, gate_secret: str | None
    ) -> None:
        self._image = image
        self._frames = frames
        self._model = model
        self._server = Server(iserver=Sessions(Accounts(gate_secret), frames))
        self._tags = {tag.name: tag for tag in image.tags if isinstance(tag.address, Node)}
        self._nodes: dict[str, ua.NodeId] = {}

    @property
    def port(self) -> int:
        """The port that the kernel gave, or the one asked for."""
        assert self._server.bserver is not None
        return self._server.bserver.port

    async def start(self, port: int) -> None:
        """Builds the address space and listens on loopback; port 0 lets the kernel choose.

        Raises:
            OSError: The port is in use.
        """
        server = self._server
        uri = namespace_uri(self._model)
        server.disable_clock()  # its loop delays the stop by up to a second
        await server.init()
        await server.set_application_uri(uri)
        server.set_server_name(f"Handwheel simulated plant {self._model}")
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
        server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
        rules = cast(SimpleRoleRuleset, PlantRules(self._frames))  # asyncua needs no more of it
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity], rules)
        namespace = await server.register_namespace(uri)
        builder = SpaceBuilder(server, namespace)
        await builder.build(self._model.upper(), self._tags, self._image.values)
        self._nodes = {tag.name: plant_node(tag.name, namespace) for tag in self._tags.values()}
        server.set_attribute_value_callback(_CURRENT_TIME, _now)
        server.iserver.attribute_service = PlantWrites(
            server.iserver.aspace,
            {self._nodes[name]: tag for name, tag in self._tags.items()},
            self._image,
            self._frames,
            self.publish,
            lambda: self.port,
        )
        await server.start()

    async def publish(self) -> None:
        """Copies the process image into the address space, with its sampling time."""
        sampled = self._image.sampled_at
        values = self._image.values
        write = self._server.iserver.aspace.write_attribute_value
        for name, tag in self._tags.items():
            data = _stamped(variant(tag, values[name]), sampled)
            await write(self._nodes[name], AttributeIds.Value, data)

    async def stop(self) -> None:
        """Closes every session and stops listening."""
        stopping = asyncio.create_task(self._server.stop())
        while not stopping.done():
            # asyncua waits for its clients: for those that do not read, and for those that
            # connect while it is stopping.
            for transport in list(self._server.iserver.asyncio_transports):
                transport.abort()
            await asyncio.wait([stopping], timeout=0.05)
        stopping.result()
        await asyncio.sleep(0)  # lets the closed transports run their callbacks


def _now(_node: ua.NodeId, _attribute: AttributeIds) -> ua.DataValue:
    now = datetime.now(UTC)
    return _stamped(ua.Variant(now, ua.VariantType.DateTime), now)


def _stamped(value: ua.Variant, time: datetime) -> ua.DataValue:
    stamp = cast(ua.DateTime, time)
    return ua.DataValue(value, SourceTimestamp=stamp, ServerTimestamp=stamp)
