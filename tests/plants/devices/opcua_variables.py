"""A server with one variable of every sort, which takes no more nodes in a Read than it says."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Any, cast

from asyncua import ua
from asyncua.server.address_space import AttributeService
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds

from .opcua_server import LoopbackServer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VARIABLES: Mapping[str, ua.DataValue] = {
    "double": ua.DataValue(ua.Variant(350.5), SourceTimestamp=cast(ua.DateTime, NOON)),
    "float": ua.DataValue(ua.Variant(1.5, ua.VariantType.Float)),
    "int": ua.DataValue(ua.Variant(-3, ua.VariantType.Int16)),
    "huge": ua.DataValue(ua.Variant(2**64 - 1, ua.VariantType.UInt64)),
    "bool": ua.DataValue(ua.Variant(True)),
    "text": ua.DataValue(ua.Variant("°C")),
    "array": ua.DataValue(ua.Variant([1.0, 2.0])),
    "null": ua.DataValue(ua.Variant()),
    "shaky": ua.DataValue(ua.Variant(7.0), ua.StatusCode(ua.UInt32(0x40940000))),
    "dead": ua.DataValue(ua.Variant(7.0), ua.StatusCode(ua.UInt32(0x808C0000))),
    "a;b=c": ua.DataValue(ua.Variant(1.0)),
    "ints": ua.DataValue(ua.Variant([3, 4, 5], ua.VariantType.Int16)),
    "matrix": ua.DataValue(ua.Variant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
    "words": ua.DataValue(ua.Variant(["a", "b"])),
    "holes": ua.DataValue(ua.Variant([1.0, nan])),
    "none": ua.DataValue(ua.Variant([], ua.VariantType.Double)),
}


class LimitedReads(AttributeService):
    """Refuses a Read of more nodes than the server says, as a PLC does."""

    limit = 0

    def __init__(self, server: Server) -> None:
        super().__init__(server.iserver.aspace)
        self.sizes: list[int] = []
        self.spoiled: dict[ua.NodeId, ua.DataValue] = {}  # what is answered instead

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        self.sizes.append(len(cast(list[ua.ReadValueId], params.NodesToRead)))
        if self.limit and self.sizes[-1] > self.limit:
            raise ua.uaerrors.BadTooManyOperations
        asked = cast(list[ua.ReadValueId], params.NodesToRead)
        return [
            _ranged(
                self.spoiled.get(cast(ua.NodeId, each.NodeId), result),
                cast(str | None, each.IndexRange),
            )
            for each, result in zip(asked, super().read(params), strict=True)
        ]


def _ranged(result: ua.DataValue, index: str | None) -> ua.DataValue:
    """Returns what asyncua's server does not: the elements that were asked for."""
    if not index:
        return result
    assert result.Value is not None
    found: Any = result.Value.Value
    ranges = [(int(low), int(high or low)) for low, _, high in map(_parted, index.split(","))]
    low, high = ranges[0]
    found = found[low : high + 1]
    for low, high in ranges[1:]:
        found = [row[low : high + 1] for row in found]
    if not found:
        return ua.DataValue(None, ua.StatusCode(ua.UInt32(0x80370000)))
    return ua.DataValue(ua.Variant(found, result.Value.VariantType))


def _parted(index: str) -> tuple[str, str, str]:
    return index.partition(":")


class Works(LoopbackServer):
    """A server with one variable of every sort."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = LimitedReads(self.server)

    async def fill(self) -> None:
        objects = self.server.get_objects_node()
        for name, value in VARIABLES.items():
            await objects.add_variable(self.node(name), name, value.Value or 0.0)
            await self.server.write_attribute_value(self.node(name), value)
        clock = self.server.get_node(ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_CurrentTime)))
        await clock.write_value(NOON + timedelta(hours=1), ua.VariantType.DateTime)
        self.server.iserver.attribute_service = self.reads

    async def limit(self, nodes: int) -> None:
        """Publishes a limit and enforces it from now on."""
        limit = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
        node = self.server.get_node(ua.NodeId(ua.Int32(limit)))
        await node.write_value(ua.Variant(nodes, ua.VariantType.UInt32))
        self.reads.limit = nodes
        self.reads.sizes.clear()
