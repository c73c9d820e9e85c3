"""Answers taken apart by hand: what asyncua makes of them, or left to asyncua."""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast
from uuid import UUID

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.uaerrors import UaError
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.opcua.wire.codec import decode, plain
from handwheel.connectors.opcua.wire.data_values import data_value
from handwheel.connectors.opcua.wire.node_ids import Nodes
from handwheel.connectors.opcua.wire.read_chunk import Chunk
from handwheel.connectors.opcua.wire.services import UNREADABLE
from handwheel.connectors.opcua.wire.source_times import SourceTimes

HANDLE = 7
FIRST_ITEM = 32  # behind the header and the number of items
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

_INTEGERS = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}
_TIMES = st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)) | st.none()  # noqa: DTZ001
_NUMERIC = st.sampled_from([*_INTEGERS, ua.VariantType.Double, ua.VariantType.Float])


def _scalars(kind: ua.VariantType) -> st.SearchStrategy[Any]:
    if kind in _INTEGERS:
        return st.integers(*_INTEGERS[kind])
    return {
        ua.VariantType.Boolean: st.booleans(),
        ua.VariantType.Float: st.floats(width=32),
        ua.VariantType.Double: st.floats(),
        ua.VariantType.String: st.text(max_size=9) | st.none(),
        ua.VariantType.ByteString: st.binary(max_size=9),
        ua.VariantType.DateTime: st.datetimes(datetime(1700, 1, 1)),  # noqa: DTZ001
        ua.VariantType.Guid: st.just(UUID(int=3)),
        ua.VariantType.NodeId: st.just(ua.NodeId(ua.String("x"), ua.Int16(3))),
        ua.VariantType.QualifiedName: st.just(ua.QualifiedName("q", 2)),
        ua.VariantType.LocalizedText: st.just(ua.LocalizedText("t", "en")),
        ua.VariantType.ExtensionObject: st.just(ua.Range(1.0, 2.0)),
        ua.VariantType.Variant: st.just(ua.Variant(1.5)),
    }[kind]


_KINDS = st.sampled_from([*_INTEGERS, *(ua.VariantType(each) for each in (1, 10, 11, 12))])
_ODD_KINDS = st.sampled_from([ua.VariantType(each) for each in (13, 14, 15, 17, 20, 21, 22, 24)])


@st.composite
def _variants(draw: st.DrawFn) -> ua.Variant | None:
    form = draw(st.sampled_from(["scalar"] * 6 + ["array", "odd", "null", "nothing", "matrix"]))
    if form == "nothing":
        return None
    if form == "null":
        return ua.Variant()
    kind = draw({"odd": _ODD_KINDS, "matrix": _NUMERIC}.get(form, _KINDS))
    if form == "array":
        values = draw(st.lists(_scalars(kind), max_size=4) | st.none())
        return ua.Variant(values, kind, is_array=True)
    if form == "matrix":
        element = _scalars(kind)
        return ua.Variant([[draw(element) for _ in "12"] for _ in "123"], kind)
    return ua.Variant(draw(_scalars(kind)), kind)


@st.composite
def _data_values(draw: st.DrawFn) -> ua.DataValue:
    codes = st.sampled_from([0, 0x480, 0x40940000, 0x80340000, 0x808C0000, 0xFFFFFFFF])
    status = draw(st.none() | codes | st.integers(0, 2**32 - 1))
    picoseconds = st.none() | st.integers(0, 9999)
    return ua.DataValue(
        draw(_variants()),
        None if status is None else ua.StatusCode(ua.UInt32(status)),
        cast("ua.DateTime | None", draw(_TIMES)),
        cast("ua.DateTime | None", draw(_TIMES)),
        cast("ua.UInt16 | None", draw(picoseconds)),
        cast("ua.UInt16 | None", draw(picoseconds)),
    )


KINDS: tuple[Kind, ...] = ("bool", "enum", "float", "int", "string")


@st.composite
def _tags(draw: st.DrawFn) -> Tag:
    kind, index = draw(st.sampled_from(KINDS)), draw(st.sampled_from(["", "", "1", "0:1"]))
    is_array, scale = draw(st.booleans()), draw(st.sampled_from([1.0, 1.0, 0.1, 1e300]))
    return Tag("", "dcs", kind, NodeAddress("s=x", index), is_array=is_array, scale=scale)


_ITEMS = st.lists(st.tuples(_tags(), _data_values()), min_size=1, max_size=4)


def _chunk(tags: Sequence[Tag], *, has_clock: bool = False) -> Chunk:
    named = [
        Tag(f"a{n}", "dcs", tag.kind, tag.address, is_array=tag.is_array, scale=tag.scale)
        for n, tag in enumerate(tags)
    ]
    return Chunk(named, Nodes(), has_clock=has_clock)


def _body(results: Sequence[ua.DataValue]) -> bytes:
    response = ua.ReadResponse(Results=list(results))
    response.ResponseHeader.RequestHandle = HANDLE
    response.ResponseHeader.Timestamp = NOON
    return ua_binary.struct_to_binary(response)


def _fast(chunk: Chunk, body: bytes) -> dict[str, DataValue] | None:
    columns = chunk.columns(body, HANDLE)
    return None if columns is None else chunk.readings(columns, 0.0)


def _slow(chunk: Chunk, body: bytes) -> dict[str, DataValue]:
    response = ua_binary.struct_from_binary(ua.ReadResponse, Buffer(body))
    results = cast(list[ua.DataValue], response.Results)
    assert len(results) == len(chunk.items)
    return chunk.decoded(results, 0.0)


@settings(max_examples=50)
@given(_ITEMS, st.data())
@example([(Tag("", "dcs", "float", NodeAddress("s=x")), ua.DataValue(ua.Variant(1.5)))], None)
def test_each_answer_is_read_as_asyncua_reads_it(
    items: list[tuple[Tag, ua.DataValue]], data: st.DataObject | None
) -> None:
    chunk = _chunk([tag for tag, _ in items])
    results = [result for _, result in items]
    for _ in range(3):  # the layout of the answer before is tried first
        body = _body(results)
        found = _fast(chunk, body)
        if found is not None:
            assert repr(found) == repr(_slow(chunk, body))
        if data is None:
            assert found is not None
            return
        place = data.draw(st.integers(0, len(results) - 1))
        results[place] = data.draw(_data_values())


_LENGTH_BOMB = re.compile(rb"[\x80\xc0](?=(.{4}))", re.DOTALL)


def _is_a_bomb(body: bytes) -> bool:
    """Whether asyncua might take it for an array of a million nothings, and build it."""
    lengths = (struct.unpack("<i", match[1])[0] for match in _LENGTH_BOMB.finditer(body))
    return any(length > 10_000 for length in lengths)


@settings(max_examples=50)
@given(_ITEMS, st.data())
def test_spoilt_bytes_are_read_as_asyncua_reads_them_or_not_at_all(
    items: list[tuple[Tag, ua.DataValue]], data: st.DataObject
) -> None:
    chunk = _chunk([tag for tag, _ in items])
    body = bytearray(_body([result for _, result in items]))
    _fast(chunk, bytes(body))
    for _ in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.sampled_from([0, *[FIRST_ITEM] * 4]))
        place = data.draw(st.integers(min(first, len(body) - 1), len(body) - 1))
        match data.draw(st.sampled_from("xbit")):
            case "x":
                body[place] = data.draw(st.integers(0, 255))
            case "b":
                body[place] ^= 1 << data.draw(st.integers(0, 7))
            case "i":
                body.insert(place, data.draw(st.integers(0, 255)))
            case _:
                del body[place]
    spoilt = bytes(body)
    assume(spoilt and not _is_a_bomb(spoilt))
    try:
        found = _fast(chunk, spoilt)
    except UaError:
        return  # the handle of another request
    if found is not None:
        assert repr(found) == repr(_slow(chunk, spoilt))


def test_plain_values_never_need_asyncua() -> None:
    """What tags are made of must not take the slow way by mistake."""
    kinds = [*_INTEGERS, ua.VariantType.Boolean, ua.VariantType.Float, ua.VariantType.Double]
    noon = cast("ua.DateTime", datetime(2026, 1, 1, 12, tzinfo=UTC))
    results = [
        *(ua.DataValue(ua.Variant(1, kind), SourceTimestamp=noon) for kind in kinds),
        *(ua.DataValue(ua.Variant([1, 0], kind)) for kind in kinds),
        ua.DataValue(ua.Variant("°C"), ua.StatusCode(ua.UInt32(0x40940000)), noon, noon),
        ua.DataValue(None, ua.StatusCode(ua.UInt32(0x80340000))),
        ua.DataValue(ua.Variant(noon)),  # the server's clock
    ]
    tag = Tag("", "dcs", "int", NodeAddress("s=x"))
    chunk = _chunk([tag] * (len(results) - 1), has_clock=True)
    found = _fast(chunk, _body(results))
    assert found is not None
    assert repr(found) == repr(_slow(chunk, _body(results)))
    assert found["a0"].server_time == noon
    assert found["a0"].source_time == noon


SPOILT: Mapping[str, Callable[[bytes], bytes]] = {
    "longer": lambda body: body + b"\0",
    "shorter": lambda body: body[:-1],
    "of two items": lambda body: body[:28] + struct.pack("<i", 2) + body[32:],
    "refused": lambda body: body[:16] + struct.pack("<I", 0x80020000) + body[20:],
    "a fault": lambda body: struct.pack("<BBH", 1, 0, 397) + body[4:],
    "with diagnostics": lambda body: body[:-4] + struct.pack("<i", 1) + b"\0",
}


def test_an_answer_that_is_not_quite_one_is_left_to_asyncua() -> None:
    for spoil in SPOILT.values():
        chunk = _chunk([Tag("", "dcs", "float", NodeAddress("s=x"))])
        body = _body([ua.DataValue(ua.Variant(1.5))])
        assert _fast(chunk, body) is not None, spoil
        assert _fast(chunk, spoil(body)) is None


_FILETIMES = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2**60) | st.none()


@given(st.lists(st.lists(_FILETIMES, min_size=2, max_size=2), min_size=1, max_size=5))
def test_times_are_asyncuas(scans: list[list[int | None]]) -> None:
    times = SourceTimes(2)
    for sent in scans:
        expected = [None if each is None else ua.win_epoch_to_datetime(each) for each in sent]
        assert list(times.of(sent)) == expected


@settings(max_examples=50)
@given(_data_values())
@example(ua.DataValue(ua.Variant(ua.Variant(1.5), ua.VariantType.Variant)))
@example(ua.DataValue(ua.Variant(ua.Range(1.0, 2.0), ua.VariantType.ExtensionObject)))
def test_a_value_alone_is_what_asyncua_makes_of_it(value: ua.DataValue) -> None:
    body = ua_binary.struct_to_binary(value) + b"behind"
    data, other = Buffer(body), Buffer(body)
    found = data_value(data, has_structures=True)
    whole = ua_binary.struct_from_binary(ua.DataValue, other)
    if value.Value is not None and value.Value.VariantType is ua.VariantType.Variant:
        whole.Value = ua.Variant()
    assert repr(found) == repr(whole)
    assert bytes(data) == bytes(other) == b"behind"
    without = data_value(Buffer(body))
    tag = Tag("a", "dcs", "float", NodeAddress("s=x"))
    assert decode(tag, without, 0.0) == decode(tag, whole, 0.0)


def test_a_few_bytes_do_not_become_a_list_of_any_length() -> None:
    cases: list[bytes] = [
        b"\x80" + struct.pack("<i", 2**31 - 1),
        b"\x98" + struct.pack("<i", 2) + (b"\x80" + struct.pack("<i", 2**28)) * 2,
        b"\x97" + struct.pack("<i", 1) + b"\x01\x80" + struct.pack("<i", 2**28),
        b"\x96" + struct.pack("<i", 1) + b"\x00\x63\x01\x04\x00\x00\x00abcd",
        b"\xc3" + struct.pack("<iBiii", 1, 7, 2, 1000, 1000),
    ]
    for variant in cases:
        begin = monotonic()
        data = Buffer(b"\x03" + variant + struct.pack("<I", 0x40940000) + b"behind")
        value = data_value(data)
        assert plain(value) == (None, 0x40940000), variant
        assert bytes(data) == b"behind", variant
        assert monotonic() - begin < 1.0, variant


def test_an_array_longer_than_the_answer_is_refused() -> None:
    for kind in (0x8C, 0x91, 0x98, 0x86):
        with pytest.raises((UaError, *UNREADABLE)):
            data_value(Buffer(bytes([1, kind]) + struct.pack("<i", 2**28) + b"behind"))
