"""What is read does not depend on the parser: libyaml, PyYAML's in Python, and ruamel.yaml.

libyaml scans YAML 1.1 and ruamel.yaml 1.2. A text with two meanings has to be refused.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handwheel.connectors.config import yaml_documents
from handwheel.connectors.config.yaml_documents import Document, Path_, parse_document
from handwheel.connectors.config.yaml_events import C_PARSER, PYTHON_PARSER, Parser
from handwheel.connectors.errors import ConfigError

from .ruamel_reader import RefusedError, Values, ruamel_read

_STARTS = ["", "a: ", "- ", "[", "{", "a: [", "a:\n  b: ", "k: |\n  ", "k: >-\n  ", "'", '"']
_PIECES = [
    *("a", "b: ", ": ", ":", ":c", "d?e", "- ", "-", "? ", "?", "\n", "\n", "\n  ", "\n ", " "),
    *("[", "]", "{", "}", ", ", ",", "'", '"', "''", "#", " #", "|\n", ">-\n", ">+\n", "|2\n"),
    *("[a:,b]", '{"a":1}', "x: {y: [1, 2]}\n", "k: |\n  t\n   u\n", "k: a\n  b\n", "\n\n", "  \n"),
    *("yes", "true", "0x1", "0o7", "1_0", "1:3", "-1", "+.", "~", ".5", "1e3", "012", "=", "<<"),
    *("2026-01-02", "!x ", "! ", "!!int ", "!!str ", "!!map ", "!!seq ", "!!in%74 ", "&x ", "*x"),
    *("---\n", "--- ", "...\n", "...", "%FOO\n", "%YAML 1.2\n", "\t", "@", "`", "\\"),
    *("\\n", "\\u00b0", "\\ud800", "\\'", "\\\n", "\\/", "\\N", "°", "\U0001f6b0", "\xa0"),
    *("\ufeff", "\x85", "\u2028"),
]  # fmt: skip
_ENDS = ["", "\n", "]", "}", "]\n", "}\n", "'", '"\n']
_TEXTS = st.tuples(
    st.sampled_from(_STARTS),
    st.lists(st.sampled_from(_PIECES), max_size=8).map("".join),
    st.sampled_from(_ENDS),
).map("".join)

Read = tuple[str, dict[Path_, tuple[int, int]], Values]


def _read(text: str) -> Read | list[str]:
    values = Values()
    try:
        document = parse_document(text, Document("f"), values.__setitem__)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return _shown(document, values)


def _shown(document: Document, values: Values) -> Read:
    """Returns what is compared. The data as a text tells 1 from 1.0, and compares NaN."""
    # An absent value stands nowhere.
    written = {path: value for path, value in values.items() if value.written}
    return repr(document.data), document.places, written


def _python_parser(_text: str) -> Parser:
    return PYTHON_PARSER


@settings(max_examples=300)
@given(_TEXTS)
@example("[a:,b]")
@example("[a :]")
@example("[? a\n  :]")
@example("[:a]")
@example("{a: is it?, b?: 1}")
@example("|\n# text or comment")
@example("! ''")
@example("a: \ufeffb")
@example("'a\u2028b'")
def test_what_ruamel_reads_is_read_alike_or_refused(text: str) -> None:
    found = _read(text)
    try:
        expected = _shown(*ruamel_read(text))
    except RefusedError:
        return
    assert isinstance(found, list) or found == expected


@pytest.mark.skipif(C_PARSER is None, reason="PyYAML was built without libyaml")
@settings(max_examples=300)
@given(_TEXTS)
@example("a:\tb")
@example('"\\\'"')
@example("[a?b]")
@example("---")
@example("- ")
@example("!a:b x")
@example("%FOO\n--- a")
def test_without_the_parser_in_c_the_result_is_the_same(text: str) -> None:
    found = _read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_documents, "fastest_parser", _python_parser)
        assert _read(text) == found
