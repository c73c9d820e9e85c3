"""Writes as OPC UA bytes, and what a server says of itself and of its nodes."""

from collections.abc import Mapping
from math import copysign
from typing import Any, cast
from uuid import UUID

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.model.coercion import read_as
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import GOOD, Value
from handwheel.connectors.opcua.codec import decode
from handwheel.connectors.opcua.encoder import DEVICE_TYPES, OpcuaEncoder, Target
from handwheel.connectors.opcua.targets import identity_of
from handwheel.connectors.opcua.write_value import read_write_value
from handwheel.connectors.session.protocols import DeviceIdentity

from ...plants.devices.opcua_server import URI, LoopbackServer, session_with

LOGIN = {"user": "gate", "secret": "env:GATE"}
NODE = ua.NodeId(ua.String("x"), ua.Int16(2))
NOBODY = DeviceIdentity("opcua", "", "", True, False)


def tag_of(
    name: str, kind: Kind, *, writable: bool = True, scale: float = 1.0, offset: float = 0.0
) -> Tag:
    address = NodeAddress(f"nsu={URI};s={name}")
    return Tag(f"{name}.sp", "dcs", kind, address, writable=writable, scale=scale, offset=offset)


def encoder(tag: Tag, variant: ua.VariantType) -> OpcuaEncoder:
    return OpcuaEncoder(NOBODY, {tag.name: Target(NODE, variant)}, {tag.name: tag})


HEAD = "03 0200 01000000 78  0d000000  ffffffff  01"  # node, attribute, no range, only a value
WIRES: list[tuple[Kind, ua.VariantType, Value, str]] = [
    ("float", ua.VariantType.Double, 350, "0b 0000000000e07540"),
    ("float", ua.VariantType.Double, -0.0, "0b 0000000000000000"),
    ("float", ua.VariantType.Float, 0.1, "0a cdcccc3d"),
    ("int", ua.VariantType.Int64, -2, "08 feffffffffffffff"),
    ("int", ua.VariantType.Byte, 255, "03 ff"),
    ("bool", ua.VariantType.Boolean, True, "01 01"),
    ("string", ua.VariantType.String, "°C", "0c 03000000 c2b043"),
]


def test_a_write_has_its_exact_bytes() -> None:
    for kind, variant, value, tail in WIRES:
        tag = tag_of("x", kind)
        assert encoder(tag, variant).encode(tag, value).wire == bytes.fromhex(HEAD + tail), tail


def test_a_scaled_write_is_the_nearest_that_the_device_can_hold() -> None:
    for scale, offset, asked, there, tail in [
        (0.1, 0.0, 35.04, 35.0, "04 5e01"),
        (-0.5, 100.0, 99.9, 100.0, "04 0000"),
        (0.01, -273.15, 25.0, 25.0, "04 7774"),
    ]:
        tag = tag_of("x", "float", scale=scale, offset=offset)
        here = encoder(tag, ua.VariantType.Int16)
        encoded = here.encode(tag, asked)
        assert encoded.value == pytest.approx(there)
        assert encoded.wire == bytes.fromhex(HEAD + tail)
        assert here.decode(tag, encoded.wire) == encoded.value
        with pytest.raises(ValueError, match="is scaled, and the device holds a float64"):
            encoder(tag, ua.VariantType.Double).encode(tag, asked)


REFUSED: list[tuple[Kind, ua.VariantType, Value, str]] = [
    ("bool", ua.VariantType.Boolean, 1, "takes true or false, not 1"),
    ("bool", ua.VariantType.Byte, True, "the device holds a uint8, not a bool"),
    ("float", ua.VariantType.Double, True, "takes a number"),
    ("float", ua.VariantType.Float, 1e39, "beyond the range of a float32"),
    ("float", ua.VariantType.Boolean, 1.0, "the device holds a bool, not a number"),
    ("int", ua.VariantType.Double, 1, "the device holds a float64, not an int"),
    ("int", ua.VariantType.Byte, 256, "beyond the range of a uint8"),
    ("string", ua.VariantType.String, 1, "takes a text, not 1"),
    ("string", ua.VariantType.String, "\ud800", "valid Unicode"),
]


def test_what_does_not_fit_is_refused_with_a_reason() -> None:
    for kind, variant, value, reason in REFUSED:
        tag = tag_of("x", kind)
        with pytest.raises(ValueError, match=reason):
            encoder(tag, variant).encode(tag, value)


def test_only_the_tags_it_was_made_for_are_encoded() -> None:
    tag, closed = tag_of("x", "float"), tag_of("x", "float", writable=False)
    for other in (tag_of("y", "float"), closed, tag_of("x", "int")):
        with pytest.raises(ValueError, match="is not a tag that the server was asked about"):
            encoder(tag, ua.VariantType.Double).encode(other, 1.0)
    with pytest.raises(ValueError, match="is not writable"):
        encoder(closed, ua.VariantType.Double).encode(closed, 1.0)


NUMBERS = st.integers() | st.integers(-300, 300) | st.floats() | st.floats(width=32)
ANY = st.booleans() | NUMBERS | st.text(max_size=5)
KINDS: tuple[Kind, ...] = ("bool", "float", "int", "string")
SCALES = st.sampled_from([(1.0, 0.0), (1.0, 0.0), (0.1, 0.0), (-0.25, 1e6), (3.7, -0.3)])


@given(ANY, st.sampled_from(sorted(DEVICE_TYPES)), st.sampled_from(KINDS), SCALES)
def test_a_reader_finds_the_coerced_value(
    value: Value, variant: ua.VariantType, kind: Kind, scaling: tuple[float, float]
) -> None:
    scale, offset = scaling if kind == "float" else (1.0, 0.0)
    tag = tag_of("x", kind, scale=scale, offset=offset)
    here = encoder(tag, variant)
    try:
        encoded = here.encode(tag, value)
    except ValueError:
        return
    assert here.encode(tag, encoded.value) == encoded
    assert here.encode(tag, here.decode(tag, encoded.wire)) == encoded
    item = ua_binary.struct_from_binary(ua.WriteValue, Buffer(encoded.wire))
    data = cast(ua.DataValue, item.Value)
    assert (item.NodeId, item.AttributeId, item.IndexRange) == (NODE, AttributeIds.Value, None)
    assert (data.SourceTimestamp, data.ServerTimestamp) == (None, None)
    reading = decode(tag, data, 0.0)
    assert (reading.value, reading.status) == (encoded.value, GOOD)
    node, raw = read_write_value(encoded.wire)
    assert (node, repr(read_as(tag, raw))) == ("s=x", repr(encoded.value))

    assert type(reading.value) is type(encoded.value)
    if isinstance(encoded.value, float) and encoded.value == 0.0:
        assert copysign(1.0, encoded.value) == 1.0


def test_bytes_name_their_node_or_are_no_write() -> None:
    wire = encoder(tag_of("x", "int"), ua.VariantType.Byte).encode(tag_of("x", "int"), 7).wire
    rest = wire[len(ua_binary.nodeid_to_binary(NODE)) :]
    guid = UUID("12345678-9abc-def0-1234-56789abcdef0")
    for identifier, text in (
        (ua.NodeId(ua.Int32(7), ua.Int16(0)), "i=7"),
        (ua.NodeId(ua.Int32(1000), ua.Int16(2)), "i=1000"),
        (ua.NodeId(ua.Int32(70000), ua.Int16(300)), "i=70000"),
        (ua.NodeId(ua.String("°"), ua.Int16(2)), "s=°"),
        (ua.NodeId(cast(Any, guid), ua.Int16(2)), f"g={guid}"),
        (ua.NodeId(ua.ByteString(b"\x01"), ua.Int16(2)), "b=AQ=="),
    ):  # fmt: skip
        assert read_write_value(ua_binary.nodeid_to_binary(identifier) + rest) == (text, 7), text
    odd = [wire[:n] for n in range(len(wire))]
    odd += [wire + b"\0", b"\x06" + wire[1:], wire.replace(b"\x0d", b"\x0e"),
            wire[:-3] + b"\x03\x03\x07", wire[:-2] + b"\x16\x07"]  # fmt: skip
    for data in odd:
        with pytest.raises(ValueError, match=r"^(ends|name|write|hold|go)"):
            read_write_value(data)


def _endpoint(uri: str, certificate: bytes | None = None) -> ua.EndpointDescription:
    server = ua.ApplicationDescription(ApplicationUri=cast(ua.String, uri))
    return ua.EndpointDescription(Server=server, ServerCertificate=certificate)


def _config(**keys: object) -> OpcuaConnection:
    document = {"kind": "opcua", "endpoint": "opc.tcp://127.0.0.1:4840", "write": LOGIN}
    return OpcuaConnection.model_validate(document | keys)


def test_a_server_is_who_it_says_and_must_be_who_the_site_says() -> None:
    where = "opc.tcp://127.0.0.1:4840"
    assert identity_of(_config(), _endpoint(URI)) == DeviceIdentity(
        "opcua", where, URI, True, False
    )
    simulated = "urn:handwheel:sim:cw-100"
    there = _config(endpoint="opc.tcp://10.0.0.1:4840", application_uri=simulated)
    identity = identity_of(there, _endpoint(simulated))
    assert (identity.is_loopback, identity.is_simulator) == (False, True)
    with pytest.raises(UaError, match="the server is 'urn:works', not 'urn:handwheel"):
        identity_of(there, _endpoint(URI))
    # The thumbprint is the first certificate's: the chain behind it may be sent or not.
    leaf = b"\x30\x82\x00\x02ab"
    with_chain = identity_of(_config(), _endpoint(URI, leaf + b"\x30\x82\x00\x01c"))
    assert with_chain == identity_of(_config(), _endpoint(URI, leaf))
    assert with_chain.name.startswith(f"{URI} sha256:")
    assert with_chain != identity_of(_config(), _endpoint(URI, leaf[:-1] + b"c"))


def _type(identifier: int) -> ua.NodeId:
    return ua.NodeId(ua.Int32(identifier))


VARIABLES: Mapping[str, tuple[object, ua.VariantType, ua.NodeId | None]] = {
    "double": (1.0, ua.VariantType.Double, None),
    "duration": (1.0, ua.VariantType.Double, _type(ObjectIds.Duration)),
    "mode": (1, ua.VariantType.Int32, _type(ObjectIds.ServerState)),
    "number": (1.0, ua.VariantType.Double, _type(ObjectIds.Number)),
    "bytes": (b"x", ua.VariantType.ByteString, None),
    "array": ([1.0, 2.0], ua.VariantType.Double, None),
    "orphan": (1.0, ua.VariantType.Double, ua.NodeId(ua.String("lost"), ua.Int16(2))),
}


class Works(LoopbackServer):
    async def fill(self) -> None:
        await self.server.set_application_uri("urn:works:server")
        objects = self.server.get_objects_node()
        for name, (value, variant, kind) in VARIABLES.items():
            await objects.add_variable(self.node(name), name, value, variant, datatype=kind)


TAILS = {"double": "0b 000000000000f03f", "duration": "0b 000000000000f03f", "mode": "06 01000000"}
WHY_NOT = {
    "number": "its type i=26 is none that can be written",
    "bytes": "its type i=15 is none that can be written",
    "array": "it is an array, or does not say that it is none",
    "orphan": "its type ns=2;s=lost is none that can be written",
    "missing": "its type cannot be read: BadNodeIdUnknown",
    "elsewhere": "the server does not have its namespace",
}


async def test_each_node_is_written_in_its_own_type_or_not_at_all() -> None:
    tags = {name: tag_of(name, "int" if name == "mode" else "float") for name in VARIABLES}
    tags["missing"] = tag_of("missing", "float")
    far = NodeAddress("nsu=urn:far;s=elsewhere")
    tags["elsewhere"] = Tag("elsewhere.sp", "dcs", "float", far, writable=True)
    async with Works().running() as works, session_with(works.port, write=LOGIN) as session:
        here = await session.encoder(list(tags.values()))
    assert here.identity.name == "urn:works:server"
    for name, tail in TAILS.items():
        assert here.encode(tags[name], 1).wire.endswith(b"\x01" + bytes.fromhex(tail))
    for name, reason in WHY_NOT.items():
        with pytest.raises(ValueError, match=f"^{reason}$"):
            here.encode(tags[name], 1)
