"""One document has one text, and what is typed becomes the value that was meant."""

import json
import math
import struct
import unicodedata
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.canonical import canonical, digest, parse_canonical, signed_bytes
from handwheel.tools.requests.values import parse_value, split_assignment

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT.map(lambda text: unicodedata.normalize("NFC", text))
)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4).filter(lambda table: table.keys() != {"f64"})
    ),
    max_leaves=12,
)


def _typed(document: Any) -> str:
    """The same with each value's type and sign: Python calls 1, 1.0 and True equal."""
    return json.dumps(document, sort_keys=True)


@given(DOCUMENTS)
def test_what_is_written_reads_back_as_the_same_with_every_type(document: Any) -> None:
    assert _typed(parse_canonical(canonical(document))) == _typed(document)


@given(DOCUMENTS, DOCUMENTS)
def test_two_documents_never_have_one_text(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (_typed(one) == _typed(other))


@given(st.text(max_size=60) | DOCUMENTS.map(json.dumps) | DOCUMENTS.map(canonical))
def test_a_text_is_refused_or_is_the_one_text_of_its_document(text: str) -> None:
    try:
        document = parse_canonical(text)
    except ValueError:
        return
    assert canonical(document) == text


def test_each_value_has_its_text() -> None:
    for document, text in [
        ({"b": 1, "a": [True, False]}, '{"a":[true,false],"b":1}'),
        ({"B": 1, "a": 2, "_": 3}, '{"B":1,"_":3,"a":2}'),
        ("cafe\u0301", '"caf\u00e9"'),
        ('°\u2028\x00\x1f"\\', '"°\u2028\\u0000\\u001f\\"\\\\"'),
        (0.1, '{"f64":"3fb999999999999a"}'),
        (struct.unpack(">f", bytes.fromhex("3dcccccd"))[0], '{"f64":"3fb99999a0000000"}'),
        (-0.0, '{"f64":"8000000000000000"}'),
        (1, "1"),
        (True, "true"),
        (5e-324, '{"f64":"0000000000000001"}'),
        (-(2**70), "-1180591620717411303424"),
        ({}, "{}"),
    ]:
        assert canonical(document) == text, document


def test_what_has_no_text_is_refused() -> None:
    documents: list[object] = [
        None, {"a": None}, [None], math.nan, math.inf, -math.inf, {"a": [math.nan]}, b"bytes",
        {1: "a"}, {"é": 1}, {None: 1}, {"a": {1, 2}}, "\ud800", ["\udfff"], object(),
        {"f64": "3fb999999999999a"}, {"f64": "no bits"}, {"f64": 0.1}, {"a": {"f64": {}}},
    ]  # fmt: skip
    for document in documents:
        with pytest.raises(ValueError, match=r"."):
            canonical(document)


def test_what_needs_a_closer_look_reads_back_as_well() -> None:
    for document in [
        "null", {"null": "annulled"}, 'say "f64"', '{"f64":"7ff0000000000000"}', "\n\u0303", "ñ",
        {"f64": "3fb999999999999a", "site": 0}, {"a": {"f64": 0.1, "g": 1}}, ["f64", {"a": -0.0}],
    ]:  # fmt: skip
        assert _typed(parse_canonical(canonical(document))) == _typed(document), document


def test_a_text_that_is_not_the_one_text_is_refused() -> None:
    for text in [
        "", "nothing", '{"a":1', '{"a":1}\n', ' {"a":1}', '{"a": 1}', '{"b":1,"a":2}',
        '{"a":1,"a":1}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', "null", "[null]", '{"a":null}',
        "NaN", "[Infinity]", "-Infinity", "1.0", "0.1", "1e3", "1e999", "-0", "01", "+1",
        '"cafe\u0301"', '"\\u00e9"', '"\\/"', '"\\u000A"', '"\\ud800"', '"\ud800"', '{"é":1}',
        '{"f64":"7ff8000000000000"}', '{"f64":"7ff0000000000000"}', '{"f64":"3FB999999999999A"}',
        '{"f64":"3fb9"}', '{"f64":1}', '{"f64":{"f64":"3fb999999999999a"}}', "9" * 5000,
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            parse_canonical(text)


def test_what_is_nested_too_deeply_is_refused_and_never_a_traceback() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_canonical("[" * 100_000 + "]" * 100_000)
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested too deeply"):
        canonical(endless)
    assert canonical(parse_canonical("[" * 50 + "]" * 50)) == "[" * 50 + "]" * 50


def test_digests_are_those_of_any_other_program() -> None:
    text = '{"schema":"request/1","value":{"f64":"3fb99999a0000000"},"wo":"Kühlwasser"}'
    plain = b"handwheel/request/1\x00" + text.encode("utf-8")
    assert signed_bytes("request", text) == plain
    assert digest("request", text) == sha256(plain).hexdigest()
    assert signed_bytes("decision", text) != plain
    # printf 'handwheel/request/1\0{}' | sha256sum
    assert digest("request", "{}") == (
        "fd4a2291d330cb1d961a3f9658a959d664c12360ddcc9c85e035d7ea0e3a4c08"
    )


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
        ("int", "", "18446744073709551615", 2**64 - 1),
        ("int", "", "-9223372036854775808", -(2**63)),
        ("string", "", "a = b", "a = b"),
        *(("string", "", text, "") for text in ("", '""', "''")),
        ("string", "", "e\u0301", "\u00e9"),
    ]
    for kind, unit, text, value in cases:
        read = parse_value(_tag(kind, unit), text)
        assert (type(read), read) == (type(value), value), kind
        assert not (isinstance(read, float) and math.copysign(1.0, read) < 0), kind


def test_what_is_no_value_of_the_type_is_refused() -> None:
    unit = ", with kPa after it or without"
    cases: list[tuple[Kind, str, str]] = [
        *(("bool", text, "true or false")
          for text in ("1", "True", "on", "", "tru\u0435")),
        *(("enum", text, "local or remote") for text in ("1", "Remote", "auto", "remote 1", "")),
        *(("int", text, f"an integer without exponent and of at most 20 digits{unit}")
          for text in ("1.0", "1e3", "0x1F", "1_000", "+5", "true", "", "9" * 400, "1 bar")),
        *(("float", text,
           f"a decimal number such as 36.5 without exponent and of at most 15 digits{unit}")
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
    with pytest.raises(InvalidArguments, match=r"such as 36.5 without exponent and of at most 15"):
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
        ("A.text=", ("A.text", "")),
    ]:
        assert split_assignment(text) == parts, text


def test_what_is_no_assignment_is_refused() -> None:
    for text in ["", "=", "PIC-102.sp", "=360", "\x1b]0;"]:
        with pytest.raises(InvalidArguments, match="write TAG=VALUE, such as PIC-102") as caught:
            split_assignment(text)
        assert str(caught.value).isprintable(), text
