"""Converts values into a device's type and refuses those that do not fit."""

import struct
from collections.abc import Mapping
from math import isfinite
from typing import Literal

from .tags import Tag
from .values import Value

DeviceType = Literal[
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    "float32", "float64", "string",
]  # fmt: skip

_WHOLE: Mapping[DeviceType, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


def coerce(tag: Tag, device: DeviceType, value: Value) -> Value:
    """Returns the value that a reader of the tag finds after this write.

    Args:
        tag: Its kind is the type in which a reader gets the item.
        device: Type in which the device holds it.

    Returns:
        A value of the tag's kind: a float rounded to the device's precision, an int, a bool or
        text. A scaled value is the nearest one that a whole number of the device gives. There is no
        minus zero.

    Raises:
        ValueError: The value is of another kind, not finite, not whole where the device holds whole
            numbers, beyond the type's range, or no member of the enumeration; or it is scaled and
            the device holds no whole numbers.
    """
    if tag.kind == "bool":
        return _bool(device, value)
    if tag.kind == "string":
        return _string(device, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"takes a number, not {_shown(value)}")
    real = _finite(value)
    if tag.is_scaled:
        return _stepped(tag, device, real)
    if device in {"float32", "float64"}:
        if tag.kind != "float":
            raise ValueError(f"the device holds a {device}, not an {tag.kind}")
        return _rounded(device, real)
    if device not in _WHOLE:
        raise ValueError(f"the device holds a {device}, not a number")
    number = _whole(device, real if tag.kind == "float" else value)
    if tag.kind == "enum" and number not in tag.members.values():
        known = ", ".join(f"{word}={code}" for word, code in tag.members.items())
        raise ValueError(f"takes {known}, not {number}")
    return float(number) if tag.kind == "float" else number


def held(tag: Tag, device: DeviceType, coerced: Value) -> Value:
    """Returns the device's number for a value that `coerce` returned."""
    if not isinstance(coerced, float) or device not in _WHOLE:
        return coerced
    return _nearest(tag, coerced) if tag.is_scaled else int(coerced)


def read_as(tag: Tag, number: Value) -> Value:
    """Returns a reader's value for a number that the device holds."""
    if isinstance(number, bool | str) or tag.kind != "float":
        return number
    return scaled(tag, number) if tag.is_scaled else float(number)


def scaled(tag: Tag, number: float) -> float:
    """Returns the scaled value of a device's number."""
    return number * tag.scale + tag.offset + 0.0  # never -0.0


def _nearest(tag: Tag, value: float) -> int:
    try:
        return round((value - tag.offset) / tag.scale)
    except (OverflowError, ValueError):  # infinite, or no number
        raise ValueError("is beyond the range of every type") from None


def _stepped(tag: Tag, device: DeviceType, value: float) -> float:
    if device not in _WHOLE:
        # Scaled, rounded and scaled back, it would change with each write.
        raise ValueError(
            f"is scaled, and the device holds a {device}: it cannot be written exactly"
        )
    number, (low, high) = _nearest(tag, value), _WHOLE[device]
    if not low <= number <= high:
        ends = sorted((scaled(tag, low), scaled(tag, high)))
        raise ValueError(
            f"{value:g} is beyond the range of a scaled {device}, {ends[0]:g} to {ends[1]:g}"
        )
    coerced = scaled(tag, number)
    if not isfinite(coerced) or _nearest(tag, coerced) != number:
        raise ValueError(f"{value:g} is not exact: its scale maps several numbers to it")
    return coerced


def _bool(device: DeviceType, value: Value) -> bool:
    if device != "bool":
        raise ValueError(f"the device holds a {device}, not a bool")
    if not isinstance(value, bool):
        raise ValueError(f"takes true or false, not {_shown(value)}")
    return value


def _string(device: DeviceType, value: Value) -> str:
    if device != "string":
        raise ValueError(f"the device holds a {device}, not a text")
    if not isinstance(value, str):
        raise ValueError(f"takes a text, not {_shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("takes a text that is valid Unicode") from None
    return value


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("is beyond the range of every type") from None
    if not isfinite(number):
        raise ValueError(f"takes a finite number, not {number}")
    return number


def _rounded(device: DeviceType, number: float) -> float:
    form = ">f" if device == "float32" else ">d"
    try:
        raw = struct.pack(form, number)
    except OverflowError:
        raise ValueError(f"{number:g} is beyond the range of a {device}") from None
    (rounded,) = struct.unpack(form, raw)
    return float(rounded) + 0.0  # -0.0 + 0.0 is 0.0


def _whole(device: DeviceType, value: float) -> int:
    low, high = _WHOLE[device]
    if value != int(value):
        raise ValueError(f"the device holds whole numbers ({device}), not {value:g}")
    if not low <= value <= high:
        raise ValueError(f"{int(value)} is beyond the range of a {device}, {low} to {high}")
    return int(value)


def _shown(value: Value) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."
