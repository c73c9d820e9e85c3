"""Single values: decoded as asyncua decodes them, and no few bytes become a huge list."""

import struct
from datetime import datetime
from time import monotonic
from typing import Any, cast
from uuid import UUID

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.uaerrors import UaError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua.codec import decode, plain
from handwheel.connectors.opcua.data_values import data_value
from handwheel.connectors.opcua.services import UNREADABLE

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
