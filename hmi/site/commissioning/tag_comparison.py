"""Comparison of a tag's definition with its device."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose

from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import BAD_NO_DATA, BAD_TYPE_MISMATCH, DataValue, Quality
from handwheel.connectors.session.protocols import Description
from handwheel.tools.safe_text import printable

from ..files.yaml_flow import flow
from ..tags.device_types import fits, kind_of

_OTHER_SIGNS = {"°": "deg", "μ": "u", "^": "", "·": "*", " ": ""}  # after NFKC


@dataclass(frozen=True, slots=True)
class TagRemark:
    """A fault or a difference of a tag."""

    tag: str
    text: str
    is_fault: bool  # whether its value cannot be used as it is; else the two only disagree


def compare_tag(tag: Tag, reading: DataValue, described: Description | None) -> Iterator[TagRemark]:
    """Yields the faults of a tag and its differences from the device's description, if any."""
    wrong_type = _type_fault(tag, described) if described else ""
    if wrong_type:
        yield TagRemark(tag.name, wrong_type, is_fault=True)
    if reading.quality is not Quality.GOOD:
        if reading.status == BAD_NO_DATA:
            return  # a method without a result now, as at no flow
        if not (wrong_type and reading.status == BAD_TYPE_MISMATCH):
            place = f"{tag.connection} {tag.address}".lstrip()
            yield TagRemark(tag.name, f"{reading.status.name}, at {place}", is_fault=True)
    elif outside := _outside(tag, reading):
        yield TagRemark(tag.name, outside, is_fault=True)
    if described and not wrong_type:
        for text in _differences(tag, described):
            yield TagRemark(tag.name, text, is_fault=False)


def _outside(tag: Tag, reading: DataValue) -> str:
    value = reading.scalar
    if tag.span is None or not isinstance(value, int | float):
        return ""
    low, high = tag.span
    shown = tag.show(reading)
    return "" if low <= value <= high else f"{shown} lies outside its range {low:g} to {high:g}"


def _type_fault(tag: Tag, described: Description) -> str:
    if not isinstance(tag.address, NodeAddress):
        return ""  # a register has the type that tags.yaml gives it
    if not fits(tag.kind, described.type):
        written = flow(kind_of(described.type) or "")
        return f"the device has {printable(described.type)}, not {tag.kind}; write type: {written}"
    if described.is_array and not (tag.is_array or tag.address.index):
        return "the device has an array; write array: true, or index: for some of its elements"
    if tag.is_array and not described.is_array and not tag.address.index:
        return "the device has a single value; leave array out"
    return ""


def _differences(tag: Tag, described: Description) -> Iterator[str]:
    if tag.is_scaled:
        return  # the device describes its raw value
    if described.unit and _spelled(described.unit) != _spelled(tag.unit):
        yield _differs("unit", flow(described.unit), flow(tag.unit) if tag.unit else "")
    if (
        described.span
        and described.span[0] < described.span[1]
        and not _is_same(described.span, tag.span)
    ):
        yield _differs(
            "range", flow(list(described.span)), flow(list(tag.span)) if tag.span else ""
        )
    if (
        described.members
        and tag.kind in {"enum", "int"}
        and dict(described.members) != dict(tag.members)
    ):
        mine = flow(tag.members) if tag.members else ""
        as_enum = "" if tag.kind == "enum" else "type: enum, "
        yield _differs(f"{as_enum}members", flow(described.members), mine)


def _differs(key: str, theirs: str, mine: str) -> str:
    here = f"tags.yaml says {mine}" if mine else "tags.yaml says nothing"
    return f"{here}; the device: {key}: {theirs}"


def _spelled(unit: str) -> str:
    """Returns a unit in one spelling, such as m3/h for m³/h and degC for °C."""
    text = unicodedata.normalize("NFKC", unit.strip())
    return "".join(_OTHER_SIGNS.get(each, each) for each in text)


def _is_same(theirs: tuple[float, float], mine: tuple[float, float] | None) -> bool:
    width = theirs[1] - theirs[0]
    return mine is not None and all(
        isclose(one, other, rel_tol=1e-6, abs_tol=1e-6 * width)  # one may have 32 bits
        for one, other in zip(theirs, mine, strict=True)
    )
