"""What is typed becomes exactly the value that was meant, or nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.values import parse_value, split_assignment


def _tag(kind: Kind, unit: str = "") -> Tag:
    members = {"local": 0, "remote": 1} if kind == "enum" else {}
    return Tag("X-1.a", "dcs", kind, NodeAddress("s=X"), unit, members=members)


def test_a_value_is_read_as_its_type() -> None:
    cases: list[tuple[Kind, str, str, Value]] = [
        ("bool", "", "true", True),
        ("bool", "", " false ", False),
        ("enum", "", "remote", 1),
        ("int", "s", "-12 s", -12),
        ("float", "kPa", "360", 360.0),
        ("float", "kPa", "360.25kPa", 360.25),
        ("float", "%", "007 %", 7.0),
        ("float", "", "-0", 0.0),
        ("string", "", "a = b", "a = b"),
        ("string", "", "e\u0301", "\u00e9"),
    ]
    for kind, unit, text, value in cases:
        read = parse_value(_tag(kind, unit), text)
        assert (type(read), read) == (type(value), value), kind
        assert not (isinstance(read, float) and math.copysign(1.0, read) < 0), kind


def test_what_is_no_value_of_the_type_is_refused() -> None:
    cases: list[tuple[Kind, str, str]] = [
        *(("bool", text, "true or false")
          for text in ("1", "True", "on", "", "tru\u0435")),
        *(("enum", text, "local or remote") for text in ("1", "Remote", "auto", "remote 1", "")),
        *(("int", text, "an integer, with kPa after it or without")
          for text in ("1.0", "1e3", "0x1F", "1_000", "+5", "true", "", "9" * 400, "1 bar")),
        *(("float", text, "a decimal number, such as 36.5, with kPa after it or without")
          for text in ("nan", "-inf", "1e3", "0x10", "1_000", "1,5", ".5", "5.", "+5", "\u22125",
                       "5 bar", "5 kPa kPa", "", "\u0663", "true", "9" * 400)),
        *(("string", text, "text without control characters")
          for text in ("a\x1b[2Jb", "a\u202eb", "a\u200bb", "a\nb")),
    ]  # fmt: skip
    for kind, text, accepted in cases:
        with pytest.raises(InvalidArguments) as caught:
            parse_value(_tag(kind, "kPa" if kind in {"int", "float"} else ""), text)
        assert str(caught.value).endswith(f"is not taken; write {accepted}"), kind
        assert str(caught.value).isascii(), kind
        assert str(caught.value).isprintable(), kind
    with pytest.raises(InvalidArguments, match=r"write a decimal number, such as 36.5$"):
        parse_value(_tag("float"), "5 kPa")


@given(st.text())
def test_whatever_is_typed_for_a_number_is_a_finite_one_or_refused(text: str) -> None:
    try:
        value = parse_value(_tag("float", "kPa"), text)
    except InvalidArguments:
        return
    assert isinstance(value, float)
    assert math.isfinite(value)
    assert text.strip().removesuffix("kPa").strip().lstrip("-").replace(".", "", 1).isdigit()


def test_an_assignment_is_split_at_its_first_sign() -> None:
    for text, parts in [
        ("PIC-102.sp=360", ("PIC-102.sp", "360")),
        ("PIC-102.sp = 360 kPa", ("PIC-102.sp", " 360 kPa")),
        ("A.text=b=c", ("A.text", "b=c")),
    ]:
        assert split_assignment(text) == parts, text


def test_what_is_no_assignment_is_refused() -> None:
    for text in ["", "=", "PIC-102.sp", "PIC-102.sp=", "=360", "a= ", "\x1b]0;"]:
        with pytest.raises(InvalidArguments, match="write TAG=VALUE, such as PIC-102") as caught:
            split_assignment(text)
        assert str(caught.value).isprintable(), text
