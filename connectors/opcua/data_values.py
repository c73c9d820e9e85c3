"""Decodes DataValues with asyncua, safe against bytes that claim huge lists."""

from collections.abc import Iterator
from math import prod
from typing import cast

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import Primitives, nodeid_from_binary
from asyncua.ua.uaerrors import UaError

_HAS_VALUE = 0x01
_ARRAY, _MATRIX, _TYPE = 0x80, 0x40, 0x3F
_REST = 24  # bytes of a DataValue behind its value: a status, two times, their picoseconds
_MOST_DIMENSIONS = 16

_NULL, _STRUCTURE, _DATA_VALUE, _VARIANT = 0, 22, 23, 24
_NESTED = frozenset({_DATA_VALUE, _VARIANT, ua.VariantType.DiagnosticInfo.value})
_SIZES = dict(enumerate((0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8))) | {13: 8, 14: 16, 19: 4}
_NODE_IDS = frozenset({17, 18})
_MADE_UP = {20: ua.QualifiedName, 21: ua.LocalizedText, 25: ua.DiagnosticInfo}


def read_results(answer: Buffer, handle: int, *, has_structures: bool) -> Iterator[ua.DataValue]:
    """Yields the values of the ReadResponse with this request's handle.

    Raises:
        UaError, ValueError: It refuses the request, answers another one, or is corrupt.
    """
    kind = nodeid_from_binary(answer)
    header = ua_binary.struct_from_binary(ua.ResponseHeader, answer)
    cast(ua.StatusCode, header.ServiceResult).check()
    is_read = kind.Identifier == ObjectIds.ReadResponse_Encoding_DefaultBinary
    if not is_read or header.RequestHandle != handle:
        raise UaError("the answer is to another request")
    count = Primitives.Int32.unpack(answer)
    if count > len(answer):  # each takes at least a byte
        raise UaError("an answer that ends too soon")
    for _ in range(count):
        yield data_value(answer, has_structures=has_structures)
    for _ in range(Primitives.Int32.unpack(answer)):
        ua_binary.struct_from_binary(ua.DiagnosticInfo, answer)
    if len(answer):  # the layout is not as declared, so that values may be wrong
        raise ValueError("an answer that goes on behind its end")


def data_value(data: Buffer, *, has_structures: bool = False) -> ua.DataValue:
    """Decodes the next value.

    Some values are left out as if there were none: an array of nothing, which takes no byte per
    element, a matrix whose dimensions do not match its elements, and values that hold other values.
    None of these can be the value of a tag, nor can a structure.

    Source: OPC UA Part 6, 5.2.2.16 (Variant) and 5.2.2.17 (DataValue).
    """
    begin = data.copy(2)
    head = begin.read(len(begin))
    if len(head) < 2 or not head[0] & _HAS_VALUE or _is_harmless(head[1], has_structures):
        return ua_binary.struct_from_binary(ua.DataValue, data)
    behind = data.copy()
    behind.skip(1)
    if _skip_variant(behind, has_structures=has_structures):
        return ua_binary.struct_from_binary(ua.DataValue, data)
    data.skip(len(data) - len(behind))
    return _without_value(head[0], data)


def _is_harmless(kind: int, has_structures: bool) -> bool:
    """Whether each element takes bytes, and none holds another value."""
    if kind & _MATRIX:
        return False
    of = kind & _TYPE
    return kind == _NULL or not (
        of == _NULL or of in _NESTED or (of == _STRUCTURE and not has_structures)
    )


def _without_value(mask: int, data: Buffer) -> ua.DataValue:
    rest = data.copy(_REST)
    size = len(rest)
    alone = Buffer(bytes([mask & ~_HAS_VALUE]) + rest.read(size))
    value = ua_binary.struct_from_binary(ua.DataValue, alone)
    data.skip(size - len(alone))
    return value


def _skip_variant(data: Buffer, *, has_structures: bool) -> bool:
    """Skips a variant and returns whether it may be decoded."""
    kind = Primitives.Byte.unpack(data)
    of = kind & _TYPE
    count = max(Primitives.Int32.unpack(data), 0) if kind & _ARRAY else 1
    if of in _SIZES:
        data.skip(_SIZES[of] * count)
    elif count > len(data):
        raise UaError("an array that ends too soon")
    else:
        for _ in range(count):
            _skip(of, data)
    is_fine = not kind & _MATRIX or _is_full(data, count)
    return is_fine and _is_harmless(kind & ~_MATRIX, has_structures)


def _is_full(data: Buffer, count: int) -> bool:
    """Skips the dimensions, which asyncua would fill up and split recursively."""
    found = Primitives.Int32.unpack_array(data, Primitives.Int32.unpack(data))
    dimensions = cast(tuple[int, ...], found or ())
    if not 0 < len(dimensions) <= _MOST_DIMENSIONS or min(dimensions) < 0:
        return False
    return dimensions[0] * prod(max(each, 1) for each in dimensions[1:]) == count


def _skip(kind: int, data: Buffer) -> None:
    if kind in _NODE_IDS:
        nodeid_from_binary(data)
    elif kind in _MADE_UP:
        ua_binary.struct_from_binary(_MADE_UP[kind], data)
    elif kind == _STRUCTURE:
        _skip_structure(data)
    elif kind == _DATA_VALUE:
        data_value(data)
    elif kind == _VARIANT:
        _skip_variant(data, has_structures=False)
    else:  # texts, bytes, and unknown types
        data.skip(max(Primitives.Int32.unpack(data), 0))


def _skip_structure(data: Buffer) -> None:
    nodeid_from_binary(data)
    if Primitives.Byte.unpack(data):
        length = cast(int, Primitives.Int32.unpack(data))
        if length < 0:
            raise UaError("a structure of unknown length")
        data.skip(length)
