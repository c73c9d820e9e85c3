"""The reader of YAML files: what it refuses, and where it says that it stands."""

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from handwheel.connectors.config.validation import Model, load_model
from handwheel.connectors.config.yaml_documents import Document, parse_document, read_document
from handwheel.connectors.errors import ConfigError, Problem

Place = tuple[int, int, str, str]
"""Line, column, key, and a part of the reason."""


def _parse(text: str) -> Any:
    return parse_document(text, Document("f.yaml")).data


def _problems(text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        _parse(text)
    assert {problem.file for problem in caught.value.problems} == {"f.yaml"}
    return [(each.line, each.column, each.key, each.reason) for each in caught.value.problems]


def _assert_refused(text: str, places: list[Place]) -> None:
    found = _problems(text)
    assert [each[:3] for each in found] == [each[:3] for each in places]
    for (*_, reason), (*_, part) in zip(found, places, strict=True):
        assert part in reason
        assert "\n" not in reason
        assert len(reason) < 300


MEANS = "means different things to different readers; write true or false, or quote it"


class Refusal(NamedTuple):
    """A text, its problems, and the mended text with what it holds."""

    bad: str
    places: list[Place]
    good: str
    data: Any


REFUSALS = {
    "anchor": Refusal("a:\n  b: &x 1\n", [(2, 6, "", "the anchor 'x'")],
                      "a:\n  b: 1\n", {"a": {"b": 1}}),
    "alias": Refusal("a: 1\nb: *x\n", [(2, 4, "", "the alias 'x'")],
                     "a: 1\nb: '*x'\n", {"a": 1, "b": "*x"}),
    "merge key": Refusal("a:\n  <<: {b: 1}\n", [(2, 3, "a", "merge keys are not allowed")],
                         "a:\n  m: {b: 1}\n", {"a": {"m": {"b": 1}}}),
    "key twice": Refusal("a: 1\nb: 2\na: 3\n", [(3, 1, "a", "stands here twice, first in line 1")],
                         "a: 1\nb: 2\nc: 3\n", {"a": 1, "b": 2, "c": 3}),
    "inner key twice": Refusal("a:\n  b: 1\n  b: 2\n", [(3, 3, "a.b", "twice, first in line 2")],
                               "a:\n  b: 1\nb: 2\n", {"a": {"b": 1}, "b": 2}),
    "yes": Refusal("a: yes\n", [(1, 4, "a", f"'yes' {MEANS}")], "a: 'yes'\n", {"a": "yes"}),
    "off": Refusal("a: [1, off]\n", [(1, 8, "a.1", f"'off' {MEANS}")],
                   "a: [1, false]\n", {"a": [1, False]}),
    "y": Refusal("a: y\n", [(1, 4, "a", f"'y' {MEANS}")], "y: n1\n", {"y": "n1"}),
    "own tag": Refusal("a: !x 1\n", [(1, 4, "a", "the tag !x is not allowed")],
                       "a: '!x'\n", {"a": "!x"}),
    "own tag of a table": Refusal("a: !x {b: 1}\n", [(1, 4, "a", "the tag !x is not allowed")],
                                  "a: {b: 1}\n", {"a": {"b": 1}}),
    "code": Refusal("a: !!python/object:os.system ls\n", [(1, 4, "a", "python/object:os.system")],
                    "a: ls\n", {"a": "ls"}),
    "no boolean": Refusal("a: !!bool x\n", [(1, 4, "a", "'x' cannot be read")],
                          "a: !!bool true\n", {"a": True}),
    "no number": Refusal("a: !!float x\n", [(1, 4, "a", "'x' cannot be read")],
                         "a: !!float '1'\n", {"a": 1.0}),
    "huge integer": Refusal(f"a: {'9' * 5000}\n", [(1, 4, "a", "cannot be read")],
                            f"a: {'9' * 50}\n", {"a": int("9" * 50)}),
    "tab": Refusal("a:\n\t- b\n", [(2, 1, "", "found character '\\t'")],
                   "a:\n  - b\n", {"a": ["b"]}),
    "control character": Refusal("a: 1\nb: x\x07\n", [(2, 5, "", "not allowed")],
                                 'a: 1\nb: "x\\a"\n', {"a": 1, "b": "x\x07"}),
    "directive": Refusal("%YAML 1.1\n---\na: 012\n", [(1, 1, "", "directives are not allowed")],
                         "---\na: 012\n", {"a": 12}),
    "half a character": Refusal('a: "\\ud800"\n', [(1, 4, "a", "surrogate")],
                                'a: "\\u00b0"\n', {"a": "°"}),
    "no character": Refusal('a: "\\U00110000"\n', [(1, 7, "", "too large")],
                            'a: "\\U0010FFFF"\n', {"a": "\U0010ffff"}),
    "open quote": Refusal("a: 1\nb: 'x\n", [(2, 4, "", "unexpected end of stream")],
                          "a: 1\nb: 'x'\n", {"a": 1, "b": "x"}),
    "bad indent": Refusal("a:\n    b: 1\n  c: 1\n", [(3, 3, "", "block mapping")],
                          "a:\n  b: 1\nc: 1\n", {"a": {"b": 1}, "c": 1}),
    "two documents": Refusal("a: 1\n---\nb: 1\n", [(2, 1, "", "another document")],
                             "---\na: 1\n...\n", {"a": 1}),
    "several at once": Refusal(
        "a: on\nb: !x 1\na: 2\nc: [no]\n",
        [(1, 4, "a", MEANS), (2, 4, "b", "the tag"), (3, 1, "a", "twice"), (4, 5, "c.0", MEANS)],
        "a: true\nb: 1\nc: [false]\n", {"a": True, "b": 1, "c": [False]},
    ),
}  # fmt: skip


def test_a_refusal_tells_its_place_and_the_mended_twin_loads() -> None:
    for name, row in REFUSALS.items():
        _assert_refused(row.bad, row.places)
        assert _parse(row.good) == row.data, name


def test_yaml_is_read_as_people_mean_it() -> None:
    cases: list[tuple[str, Any]] = [
        ("", None),
        ("# nothing\n", None),
        ("a:\nb: ~\n", {"a": None, "b": None}),
        ("1: 1\nnull: 2\nyes: 3\n", {"1": 1, "null": 2, "yes": 3}),
        ("at: 2026-01-31\nfor: 1:30\n", {"at": "2026-01-31", "for": "1:30"}),
        ("part: 1_000\n", {"part": "1_000"}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: 0x1F\nb: 1e3\nc: -2.5\n", {"a": 31, "b": 1000.0, "c": -2.5}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
    ]  # fmt: skip
    for text, data in cases:
        assert _parse(text) == data


@pytest.mark.parametrize("depth", [42, 500, 5000])
def test_forty_one_levels_load_and_more_are_nested_too_deeply(depth: int) -> None:
    (problem,) = _problems("[" * depth + "]" * depth)
    assert problem[:2] == (1, 42)
    assert problem[3] == "nested too deeply"
    data = _parse("[" * 41 + "]" * 41)
    for _ in range(40):
        (data,) = data
    assert data == []


def test_a_file_is_read_or_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: °C\n", encoding="utf-8")
    document = Document("f.yaml", {"a": "°C"}, {(): (1, 1), ("a",): (1, 1)})
    assert read_document(path, "f.yaml") == document
    unreadable = {
        b"a: \xb0C\n": "not UTF-8 at byte 3",
        b"#" * 10_000_001: "larger than 10000000 bytes",
    }
    for content, reason in unreadable.items():
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=f"^f.yaml: cannot be read: {reason}$"):
            read_document(path, "f.yaml")
    path.unlink()
    with pytest.raises(ConfigError, match=r"^f.yaml: cannot be read: no such file or directory$"):
        read_document(path, "f.yaml")
    os.mkfifo(path)
    with pytest.raises(ConfigError, match=r"cannot be read: is no regular file$"):
        read_document(path)
    with pytest.raises(ConfigError, match=r"cannot be read: is a directory$"):
        read_document(tmp_path)


class _Pump(Model):
    speed: float
    stages: int = 1


class _Skid(Model):
    title: str = ""
    pumps: dict[str, _Pump]


GOOD_SKID = "title: cooling\npumps:\n  A: {speed: 1.5}\n  B:\n    speed: 2.0\n    stages: 3\n"


def test_keys_and_kinds_are_checked_with_their_places() -> None:
    cases: list[tuple[str, str, list[Place]]] = [
        ("title", "titel", [(1, 1, "titel", "unknown key; did you mean 'title'?")]),
        ("stages", "stage", [(6, 5, "pumps.B.stage", "unknown key; did you mean 'stages'?")]),
        ("stages", "zz", [(6, 5, "pumps.B.zz", "unknown key")]),
        ("speed: 1.5", "", [(3, 3, "pumps.A.speed", "is missing")]),
        ("2.0", "fast", [(5, 5, "pumps.B.speed", "a valid number")]),
        ("2.0", ".nan", [(5, 5, "pumps.B.speed", "should be a finite number, found nan")]),
        ("{speed: 1.5}", "7", [(3, 3, "pumps.A", "found 7")]),
        ("cooling", "5", [(1, 1, "title", "should be a valid string, found 5")]),
        (GOOD_SKID, "- 1\n", [(1, 1, "", "found [1]")]),
        (GOOD_SKID, "", [(1, 1, "", "found nothing")]),
        (GOOD_SKID, "pumpe: {}\n",
         [(1, 1, "pumpe", "did you mean 'pumps'?"), (1, 1, "pumps", "is missing")]),
    ]  # fmt: skip
    for old, new, places in cases:
        document = parse_document(GOOD_SKID, Document("f.yaml"))
        assert load_model(_Skid, document).pumps["B"].stages == 3, old
        assert old in GOOD_SKID
        bad = parse_document(GOOD_SKID.replace(old, new), Document("f.yaml"))
        with pytest.raises(ConfigError) as caught:
            load_model(_Skid, bad)
        found = [(each.line, each.column, each.key, each.reason) for each in caught.value.problems]
        assert [each[:3] for each in found] == [each[:3] for each in places]
        assert all(part in each[3] for each, (*_, part) in zip(found, places, strict=True))


# ruamel writes YAML 1.2, in which `yes` needs no quotes, and some keys that it cannot read.
_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS
_DATA = st.recursive(
    _SCALARS.filter(lambda value: str(value).lower() not in {"on", "off", "yes", "no", "y", "n"}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


def _no_alias(_data: object) -> bool:
    return True


@settings(max_examples=50)
@given(_DATA)
@example({"a": [1.0, -0.0, 1e22, True, None, "1_000", "2026-01-31", "", " x", "°", "\U0001f6b0"]})
def test_what_ruamel_writes_is_read_back(data: Any) -> None:
    writer: Any = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.representer.ignore_aliases = _no_alias
    text = StringIO()
    writer.dump(data, text)
    assert _parse(text.getvalue()) == data


_PIECES = st.sampled_from(
    ["a", "b: ", ": ", "- ", "? ", "\n", "  ", "\t", "[", "]", "{", "}", ", ", "'", '"', "#", "|"]
    + ["&x ", "*x", "<<", "=", "!x ", "! ", "yes", "0x", "0o8", "1_0", "1:3", "-", "+.", "~", ">"]
    + [f"!!{kind} " for kind in ("int", "float", "bool", "null", "str", "binary", "timestamp")]
    + [f"!!{kind} " for kind in ("map", "seq", "set", "omap", "merge", "value", "python/none")]
    + ["---\n", "%YAML 1.1\n", "%TAG ! x\n", "\x00", "\ufeff", "\x85", "\u2028", "...\n", "@"]
)


def _is_plain(data: object) -> bool:
    if isinstance(data, dict):
        table = cast(dict[object, object], data)
        return all(isinstance(key, str) and _is_plain(table[key]) for key in table)
    if isinstance(data, list):
        return all(map(_is_plain, cast(list[object], data)))
    return data is None or isinstance(data, bool | int | float | str)


@given(st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=40))
@example("!!bool x")
@example("!!int ''")
@example("!!binary aGVs")
@example("a: =")
def test_any_text_is_plain_data_or_problems_of_one_line_each(text: str) -> None:
    problems: Sequence[Problem] = ()
    try:
        assert _is_plain(_parse(text))
    except ConfigError as error:
        problems = error.problems
    assert all(each.line >= 1 and each.column >= 1 for each in problems)
    assert all("\n" not in each.reason for each in problems)
