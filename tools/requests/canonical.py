"""Canonical JSON, so that a signature covers exactly one document.

UTF-8, sorted ASCII keys, strings in NFC, no nulls, integers, booleans, and floats as their IEEE
754 bits in hexadecimal: `{"f64":"3fb999999999999a"}`. No table has `f64` as its only key, so
that none is read as a number.
"""

import json
import math
import re
import struct
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Any, Literal, cast

from pydantic import Field

Domain = Literal[
    "request", "action", "decision", "card", "journal", "enrolment", "heartbeat", "release",
    "baseline", "message",
]  # fmt: skip

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a text, hexadecimal."""

_FLOAT = "f64"
_NESTED = frozenset({dict, list})
_BITS = re.compile(r"[0-9a-f]{16}")
# With unescaped quotes: inside a text each quote has a backslash before it.
_FLOAT_KEY = f'"{_FLOAT}"'
_FLOAT_TABLE = re.compile(r'\{"f64":"(?![7f]ff)[0-9a-f]{16}"\}')


def canonical(document: object) -> str:
    """Returns the canonical text of tables, lists, text, integers, booleans and finite floats.

    Anything else raises `ValueError`: a null, NaN, a key that is not ASCII.
    """
    try:
        return _ENCODER.encode(_plain(document))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_canonical(text: str) -> Any:
    """Returns the document of a canonical text.

    Any other text, such as one with a key twice, raises `ValueError`.
    """
    try:
        with suppress(ValueError):
            return unfolded(_plainly(text))
        document = unfolded(json.loads(text, object_pairs_hook=_table, parse_constant=_refuse))
        is_canonical = canonical(document) == text
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError:
        raise ValueError("it is no JSON") from None
    if not is_canonical:
        raise ValueError("it is not in canonical form")
    return document


def _plainly(text: str) -> object:
    """Returns the document of an ASCII text by a faster check, else raises `ValueError`.

    ASCII is always in NFC. A repeated key, another order, a space or another spelling of a number
    would be encoded differently.
    """
    floats = len(_FLOAT_TABLE.findall(text))
    if not text.isascii() or "null" in text or text.count(_FLOAT_KEY) != floats:
        raise ValueError("it is not plain")
    document: object = _DECODER.raw_decode(text)[0]  # text behind it fails the comparison below
    if _ENCODER.encode(document) != text:
        raise ValueError("it is not in canonical form")
    return document


def signed_bytes(domain: Domain, text: str) -> bytes:
    """Returns the bytes to sign or hash. The domain separates kinds of documents."""
    return f"handwheel/{domain}/1".encode() + b"\0" + text.encode()


def digest(domain: Domain, text: str) -> str:
    """Returns the SHA-256 of a document's text in its domain, 64 hexadecimal digits."""
    return sha256(signed_bytes(domain, text)).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, str):
        if value.isascii():
            return value
        value.encode()  # refuses half a surrogate pair: UnicodeEncodeError is a ValueError
        return unicodedata.normalize("NFC", value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number that can be signed")
        return {_FLOAT: struct.pack(">d", value).hex()}
    if isinstance(value, dict | Mapping):  # the first is found fast
        table = cast(Mapping[object, object], value)
        if not all(isinstance(key, str) and key.isascii() for key in table):
            raise ValueError("a key is not ASCII text")
        if len(table) == 1 and _FLOAT in table:
            raise ValueError(f"a table of {_FLOAT} alone would be taken for a number")
        return {key: _plain(item) for key, item in cast(Mapping[str, object], value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[object]", value)]
    raise ValueError(f"{type(value).__name__} cannot be signed")


def unfolded(value: object) -> object:
    """Returns a document that was read as plain JSON, each table of a number's bits as number."""
    if isinstance(value, list):
        return [unfolded(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    table = cast("dict[str, object]", value)
    if len(table) == 1 and isinstance(bits := table.get(_FLOAT), str) and _BITS.fullmatch(bits):
        number: float = struct.unpack(">d", bytes.fromhex(bits))[0]
        return number
    return {
        key: unfolded(item) if item.__class__ in _NESTED else item for key, item in table.items()
    }


def number_in(value: Any) -> float:
    """Returns a number of a document that was read as plain JSON."""
    return float(cast("float", unfolded(value)))


def _table(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number that can be signed")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)
_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
