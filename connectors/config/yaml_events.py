"""Events of a YAML text, without what YAML has and the files of this project may not use.

PyYAML's two parsers give them. The one in C, libyaml, is thirty times as fast and may be missing.
It accepts a few texts that the one in Python refuses, so it is not given those, and words some
errors worse, so what it refuses is parsed again in Python.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
)
from yaml.tokens import ScalarToken

_MAX_DEPTH = 41  # of tables and lists inside each other
_ONLY_PYTHON = re.compile(r"\t|\\'")
# Control characters and halves of characters, then line ends and marks on which readers disagree.
_INVISIBLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\ufeff]"
)
# Behind a plain text in braces: a part of the text to some readers, the end of a key to others.
_TIGHT_COLON = re.compile(r":[,\[\]{}]")
# Characters without a space or a sign that ends a plain text.
_RUN_IN_BLOCK = re.compile(r"(?:[^\0 \t\r\n:]|:(?![\0 \t\r\n]))+")
_RUN_IN_FLOW = re.compile(r"(?:[^\0 \t\r\n:,\[\]{}]|:(?![\0 \t\r\n,\[\]{}]))+")


class _PythonParser(yaml.SafeLoader):
    """Parser in Python that reads plain texts in braces as the one in C does."""

    def scan_plain(self) -> ScalarToken:
        chunks, spaces = list[str](), list[str]()
        start = end = self.get_mark()
        run = _RUN_IN_FLOW if self.flow_level else _RUN_IN_BLOCK
        while self.peek() != "#":
            found = run.match(self.buffer, self.pointer)
            if not found:
                break
            self.allow_simple_key = False
            chunks += [*spaces, found[0]]
            self.forward(len(found[0]))
            end = self.get_mark()
            spaces = self.scan_plain_spaces(self.indent + 1, start) or []
            if not spaces or (not self.flow_level and self.column <= self.indent):
                break
        if self.flow_level and _TIGHT_COLON.match(self.buffer, self.pointer):
            raise MarkedYAMLError(None, None, "put a space behind the colon", self.get_mark())
        return ScalarToken("".join(chunks), True, start, end)


Parser = type[yaml.SafeLoader]
PYTHON_PARSER: Parser = _PythonParser
C_PARSER: Parser | None = getattr(yaml, "CSafeLoader", None)


class NotAccepted(Exception):
    """A text is no YAML, or has what is not allowed."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.column, self.reason = line, column, reason


def fastest_parser(text: str) -> Parser:
    """Returns the parser for a text's first reading."""
    return C_PARSER if C_PARSER and not _ONLY_PYTHON.search(text) else PYTHON_PARSER


def check_characters(text: str) -> None:
    """Raises `NotAccepted` at the first character that may not stand as it is."""
    found = _INVISIBLE.search(text)
    if found:
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        reason = "this control character is not allowed; in quotes, write its escape"
        raise NotAccepted(line, column, reason)


def node_events(text: str, parser: Parser) -> Iterator[Event]:
    """Yields the beginnings, scalars and ends of the only document, nothing for an empty text.

    References and depth are refused as they come: nine lines of aliases can fill the memory.
    Raises `NotAccepted`.
    """
    loader = parser(text)
    depth, has_document = 0, False
    try:
        while event := loader.get_event():
            if isinstance(event, CollectionStartEvent):
                depth += 1
                if depth > _MAX_DEPTH:
                    raise _not_allowed(event, "nested too deeply")
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
                yield event
                continue
            elif isinstance(event, DocumentStartEvent):
                _check_document(event, has_document)
                has_document = True
                continue
            if isinstance(event, NodeEvent):
                if event.anchor is not None:
                    raise _anchor_refused(event, event.anchor)
                yield event
    except MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except (ValueError, OverflowError):  # the parser in Python converts digits without a check
        mark = loader.get_mark()
        raise NotAccepted(mark.line + 1, mark.column + 1, "this number is too large") from None
    finally:
        loader.dispose()


def _check_document(event: DocumentStartEvent, has_document: bool) -> None:
    if event.version or event.tags:
        raise _not_allowed(event, "directives are not allowed: they change what the text means")
    if has_document:
        expected = "expected a single document in the stream"
        raise _not_allowed(event, f"{expected} but found another document")


def _anchor_refused(event: NodeEvent, name: str) -> NotAccepted:
    kind = "alias" if isinstance(event, AliasEvent) else "anchor"
    reason = f"the {kind} {name!r}: write the value out, anchors are not allowed"
    return _not_allowed(event, reason)


def _not_allowed(event: Event, reason: str) -> NotAccepted:
    return NotAccepted(event.start_mark.line + 1, event.start_mark.column + 1, reason)


def _syntax_error(error: MarkedYAMLError) -> NotAccepted:
    at, opened = error.problem_mark, error.context_mark
    is_unfinished = "end of stream" in str(error.problem)
    mark = opened if is_unfinished and opened else at or opened
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    parts = (error.context, error.problem)
    return NotAccepted(line, column, " ".join(part for part in parts if part))
