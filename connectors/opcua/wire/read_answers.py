"""Decodes answers to a Read with numbers, texts and flat arrays of numbers.

asyncua builds several objects per item, 9 µs each. Here the layout of the last answer is kept as
one struct. The next answer is unpacked by it in one call if every byte that determines the layout
is unchanged. An answer with anything else is returned undecoded.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, NamedTuple, cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

Fields = Sequence[Any]

_HEAD = struct.Struct("<4sqIIBi3si")
_READ_RESPONSE = struct.pack("<BBH", 1, 0, ObjectIds.ReadResponse_Encoding_DefaultBinary)
_NO_EXTENSION = b"\0\0\0"
_NO_ARRAYS = (0, -1)
_NO_DIAGNOSTICS = tuple(struct.pack("<i", length) for length in _NO_ARRAYS)

_VALUE, _STATUS, _SOURCE, _SERVER, _SOURCE_PICO, _SERVER_PICO = (1 << bit for bit in range(6))
_RESERVED = 0xC0
_ARRAY, _MATRIX, _TYPE = 0x80, 0x40, 0x3F
_STRING = ua.VariantType.String.value
_TIME = ua.VariantType.DateTime.value
_FORMS = {kind: form for kind, form in enumerate("x?bBhHiIqQfd") if kind}


class Columns(NamedTuple):
    """One answer, item by item in the order of the request."""

    raws: Sequence[object]  # values as Python objects, arrays as tuples, no value as `None`
    statuses: Sequence[int]
    sources: Sequence[int | None]  # source times, 100 ns since 1601; `None` where there is none


class _Item(NamedTuple):
    """Layout of one DataValue."""

    form: str  # format of `struct`
    size: int  # in bytes
    width: int  # number of fields
    marks: tuple[int, ...]  # first fields (encoding mask, type, length), which determine the rest
    raw: int | slice | None  # field of the value, or fields of an array
    status: int | None  # field of the status code
    source: int | None  # field of the source time
    kind: int  # type of the value


class Answers:
    """Decoder of the answers to one repeated request."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._layout: _Layout | None = None

    def columns(self, body: bytes, handle: int) -> Columns | None:
        """Decodes an answer, `None` if unsupported. Raises `UaError` for another request's."""
        if len(body) < _HEAD.size:
            return None
        kind, _, of, result, diagnostics, strings, extension, count = _HEAD.unpack_from(body)
        if (kind, result, diagnostics, extension) != (_READ_RESPONSE, 0, 0, _NO_EXTENSION):
            return None
        if strings not in _NO_ARRAYS or count != self._count or body[-4:] not in _NO_DIAGNOSTICS:
            return None
        if of != handle:
            raise UaError("the answer is to another request")
        items = memoryview(body)[_HEAD.size : -4]
        found = self._layout.columns(items) if self._layout else None
        if found is None:
            self._layout = _layout_of(items, count)
            found = self._layout.columns(items) if self._layout else None
        return found


class _Layout:
    """Layout of the items of one answer. Source: OPC UA Part 6, 5.2.2.16 and 5.2.2.17."""

    def __init__(self, items: Sequence[_Item]) -> None:
        self._struct = struct.Struct("<" + "".join(item.form for item in items))
        starts = list(accumulate((item.width for item in items), initial=0))
        end = starts.pop()  # after the fields follow a 0 and a None, for missing parts
        pairs = list(zip(starts, items, strict=True))
        self._marks = tuple(chain.from_iterable(item.marks for item in items))
        self._marked = column(at + each for at, item in pairs for each in range(len(item.marks)))
        self._raws = column(
            end + 1 if item.raw is None else _moved(item.raw, at) for at, item in pairs
        )
        self._statuses = column(
            end if item.status is None else at + item.status for at, item in pairs
        )
        self._sources = column(
            end + 1 if item.source is None else at + item.source for at, item in pairs
        )
        self._texts = [n for n, item in enumerate(items) if item.kind == _STRING]
        self._times = [n for n, item in enumerate(items) if item.kind == _TIME]

    def columns(self, items: memoryview) -> Columns | None:
        """Returns the items if their layout is this one."""
        if len(items) != self._struct.size:
            return None
        fields = (*self._struct.unpack(items), 0, None)
        if self._marked(fields) != self._marks:
            return None
        raws = self._raws(fields)
        if self._texts or self._times:
            raws = self._converted(list(raws))
        return Columns(raws, self._statuses(fields), self._sources(fields))

    def _converted(self, raws: list[Any]) -> tuple[Any, ...]:
        for place in self._texts:
            if raws[place] is not None:
                raws[place] = raws[place].decode("utf-8", errors="surrogateescape")
        for place in self._times:
            raws[place] = ua.win_epoch_to_datetime(raws[place])
        return tuple(raws)


def _layout_of(items: memoryview, count: int) -> _Layout | None:
    found: list[_Item] = []
    at = 0
    try:
        for _ in range(count):
            mask = items[at]
            kind = items[at + 1] if mask & _VALUE else 0
            length = -1
            if kind & _ARRAY or kind == _STRING:
                (length,) = struct.unpack_from("<i", items, at + 2)
                if length > len(items):
                    return None
            item = _item(mask, kind, length)
            if item is None:
                return None
            found.append(item)
            at += item.size
    except (IndexError, struct.error):  # the bytes end too soon
        return None
    return _Layout(found) if found else None


@lru_cache(4096)
def _item(mask: int, kind: int, length: int) -> _Item | None:
    """Returns the layout of an item, or `None` if only asyncua can read it."""
    value = _value(kind, length) if mask & _VALUE else ("B", (mask,), None, 1)
    if value is None or mask & _RESERVED:
        return None
    form, marks, raw, width = value
    marks = (mask | kind << 8, *marks[1:])
    status = source = None
    if mask & _STATUS:
        form, status, width = form + "I", width, width + 1
    if mask & _SOURCE:
        form, source, width = form + "q", width, width + 1
    form += "2x" * bool(mask & _SOURCE_PICO)
    form += "8x" * bool(mask & _SERVER)
    form += "2x" * bool(mask & _SERVER_PICO)
    return _Item(form, struct.calcsize("<" + form), width, marks, raw, status, source, kind)


def _value(kind: int, length: int) -> tuple[str, tuple[int, ...], int | slice | None, int] | None:
    """Returns format, marks, place and field count of a value. Its mark's value is 0."""
    if kind == 0:
        return "H", (0,), None, 1
    if kind & _ARRAY:
        form = _FORMS.get(kind & _TYPE)
        if kind & _MATRIX or form is None or length < -1:
            return None
        count = max(length, 0)
        raw = None if length < 0 else slice(2, 2 + count)
        return f"Hi{count}{form}", (0, length), raw, 2 + count
    if kind == _STRING:
        if length < -1:
            return None
        return ("Hi", (0, -1), None, 2) if length < 0 else (f"Hi{length}s", (0, length), 2, 3)
    form = "q" if kind == _TIME else _FORMS.get(kind)
    return None if form is None else ("H" + form, (0,), 1, 2)


def _moved(raw: int | slice, at: int) -> int | slice:
    return at + raw if isinstance(raw, int) else slice(at + raw.start, at + raw.stop)


def column(places: Iterable[int | slice]) -> Callable[[Fields], tuple[Any, ...]]:
    """Returns a function that selects these fields, always as a tuple."""
    first, *others = places
    if others:
        return cast(Callable[[Fields], tuple[Any, ...]], itemgetter(first, *others))
    return lambda fields: (fields[first],)
