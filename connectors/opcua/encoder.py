"""Encodes writes as OPC UA bytes, one WriteValue per tag, and sends none."""

from collections.abc import Mapping
from dataclasses import dataclass

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError

from ..model.coercion import DeviceType, coerce, held, read_as
from ..model.tags import Tag
from ..model.values import Value
from ..session.protocols import DeviceIdentity, Encoded

DEVICE_TYPES: Mapping[ua.VariantType, DeviceType] = {
    ua.VariantType.Boolean: "bool",
    ua.VariantType.SByte: "int8",
    ua.VariantType.Byte: "uint8",
    ua.VariantType.Int16: "int16",
    ua.VariantType.UInt16: "uint16",
    ua.VariantType.Int32: "int32",
    ua.VariantType.UInt32: "uint32",
    ua.VariantType.Int64: "int64",
    ua.VariantType.UInt64: "uint64",
    ua.VariantType.Float: "float32",
    ua.VariantType.Double: "float64",
    ua.VariantType.String: "string",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Node of a tag in this session, and the type that it holds."""

    node: ua.NodeId
    variant: ua.VariantType


class OpcuaEncoder:
    """Encodes writes of the Value attribute. See `Encoder`.

    It contains no status and no times, which many servers refuse. A text in `targets` is the reason
    why the tag cannot be written.

    Source: OPC UA Part 4, 5.11.4 (Write); Part 6, 5.2 (binary encoding).
    """

    def __init__(
        self, identity: DeviceIdentity, targets: Mapping[str, Target | str], tags: Mapping[str, Tag]
    ) -> None:
        self.identity = identity
        self._targets = targets
        self._tags = tags

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write. See `Encoder.encode`."""
        target = self._target(tag)
        device = DEVICE_TYPES[target.variant]
        coerced = coerce(tag, device, value)
        return Encoded(coerced, _item(target, held(tag, device, coerced)))

    def decode(self, tag: Tag, wire: bytes) -> Value:
        """Returns the value in a write of this tag's node, as a reader of the tag gets it.

        Raises:
            ValueError: The bytes do not write the value of this node in its type.
        """
        target = self._target(tag)
        head = _head(target)
        if not wire.startswith(head):
            raise ValueError("not a write of this tag's node in its type")
        try:
            raw: object = ua_binary.unpack_uatype(target.variant, Buffer(wire[len(head) :]))
        except UaError as error:
            raise ValueError(str(error)) from None
        if not isinstance(raw, bool | int | float | str):
            raise ValueError("holds no value")
        return read_as(tag, raw)

    def _target(self, tag: Tag) -> Target:
        if self._tags.get(tag.name) != tag:
            raise ValueError("is not a tag that the server was asked about")
        if not tag.writable:
            raise ValueError("is not writable")
        target = self._targets[tag.name]
        if isinstance(target, str):
            raise ValueError(target)
        return target


def _item(target: Target, raw: Value) -> bytes:
    data = ua.DataValue(ua.Variant(raw, target.variant), StatusCode=None)
    return ua_binary.struct_to_binary(
        ua.WriteValue(NodeId=target.node, AttributeId=AttributeIds.Value, Value=data)
    )


def _head(target: Target) -> bytes:
    """Returns the first bytes of every write of this node. Only the value follows."""
    empty = "" if target.variant == ua.VariantType.String else 0
    return _item(target, empty)[: -len(ua_binary.pack_uatype(target.variant, empty))]
