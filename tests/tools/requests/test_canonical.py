"""One document has one text, one text one document; the vectors were computed without our code."""

import json
import math
import struct
import unicodedata
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.tools.requests.canonical import canonical, digest, parse_canonical, signed_bytes

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
