"""Documents by the letter: canonical text, digests, times."""

import json
import re
import struct
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class NoDocument(ValueError):
    """The text is not what the specification says; the message tells why."""


def parse(text: str) -> Any:
    """Returns the document of a text that must be canonical; floats stay as their bits."""
    document = parse_json(text)
    if canonical(document) != text:
        raise NoDocument("the text is not canonical")
    return document


def parse_json(text: str) -> Any:
    """Returns the document of a JSON text without nulls, bare floats or keys that stand twice."""
    try:
        document = json.loads(
            text, object_pairs_hook=_table, parse_float=_no_float, parse_constant=_no_float
        )
    except ValueError as error:
        raise NoDocument(f"it cannot be read: {error}") from None
    _check(document)
    return document


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise NoDocument("a key stands twice")
    return dict(pairs)


def _no_float(text: str) -> Any:
    raise NoDocument(f"{text} stands there as a bare number")


def _check(value: object) -> None:
    if value is None:
        raise NoDocument("there is a null")
    if isinstance(value, str) and unicodedata.normalize("NFC", value) != value:
        raise NoDocument("a text is not in NFC")
    if isinstance(value, list):
        for item in cast("list[object]", value):
            _check(item)
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            if not key.isascii():
                raise NoDocument("a key is not ASCII")
            _check(item)


def canonical(document: Any) -> str:
    """Returns the one text of a document."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signed_bytes(domain: str, text: str) -> bytes:
    """Returns what is hashed or signed."""
    return b"handwheel/" + domain.encode() + b"/1\x00" + text.encode()


def digest(domain: str, text: str) -> str:
    """Returns 64 hexadecimal digits."""
    return sha256(signed_bytes(domain, text)).hexdigest()


def moment(text: Any) -> datetime:
    """Returns the time of `2026-11-25T08:50:25.123Z`; any other form is refused."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        raise NoDocument(f"{text!r} is no time")
    return datetime.fromisoformat(text)


def duration(value: Any) -> timedelta:
    """Returns a number of seconds, an integer or the bits of a float."""
    if isinstance(value, Mapping):
        bits = cast("Mapping[str, str]", value)["f64"]
        (number,) = struct.unpack(">d", bytes.fromhex(bits))
        return timedelta(seconds=number)
    return timedelta(seconds=int(value))
