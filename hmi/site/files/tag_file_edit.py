"""Addition of tags to the text of `tags.yaml`, which changes nothing that stands there."""

from collections.abc import Mapping, Sequence
from typing import Any

from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from handwheel.connectors.config.yaml_documents import Document, parse_content
from handwheel.connectors.config.yaml_events import fastest_parser, node_events
from handwheel.connectors.errors import ConfigError

from .yaml_flow import flow

_INDENT = 2


def tag_lines(entries: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Returns one line of YAML for each tag."""
    return [f"{flow(name)}: {flow(entry)}" for name, entry in entries.items()]


def with_tags(content: bytes, lines: Sequence[str], file: str) -> str:
    """Returns the text of a tag file with more tags behind those that it has.

    Args:
        content: Of an accepted tag file, perhaps empty.
        lines: As `tag_lines` makes them, of tags that are not in the file.
        file: Its path, for errors.

    Raises:
        ConfigError: All tags of the file stand in braces, so that no line can be added.
    """
    text = content.decode("utf-8")
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    mark = "\ufeff" * text.startswith("\ufeff")
    before, indent, after = _split(text.removeprefix(mark), parse_content(content, file))
    if before and not before.endswith("\n"):
        before += end_of_line
    added = "".join(f"{' ' * indent}{line}{end_of_line}" for line in lines)
    edited = mark + before + added + after
    _check_kept(parse_content(content, file), parse_content(edited.encode(), file), len(lines))
    return edited


def _split(text: str, document: Document) -> tuple[str, int, str]:
    """Returns the text before the new tags, their indentation and the text behind them."""
    events = list(node_events(text, fastest_parser(text)))
    if not events:
        return f"{_whole_lines(text)}schema: tags/1\ntags:\n", _INDENT, ""
    root, inner = events[0], events[1:-1]
    assert isinstance(root, MappingStartEvent)
    for key, value in _entries(inner):
        if key.value == "tags":
            return _split_at(text, key, value, document)
    if root.flow_style:
        raise _in_braces(document, ())
    end = _line_end(text, _end(inner))
    return f"{_whole_lines(text[:end])}tags:\n", _INDENT, text[end:]


def _entries(events: Sequence[Event]) -> list[tuple[ScalarEvent, list[Event]]]:
    """Returns each key of a table with the events of its value."""
    entries: list[tuple[ScalarEvent, list[Event]]] = []
    depth, is_value = 0, False
    for event in events:
        if not is_value:
            assert isinstance(event, ScalarEvent)
            entries.append((event, []))
            is_value = True
            continue
        entries[-1][1].append(event)
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        is_value = depth > 0
    return entries


def _split_at(
    text: str, key: ScalarEvent, value: list[Event], document: Document
) -> tuple[str, int, str]:
    first = value[0]
    if len(value) <= 2:  # null or {}
        start, end = first.start_mark.index, value[-1].end_mark.index
        text = text[:start].rstrip(" ") + text[end:] if end > start else text
        end = _line_end(text, key.end_mark.index)
        return text[:end], key.start_mark.column + _INDENT, text[end:]
    if not isinstance(first, MappingStartEvent) or first.flow_style:
        raise _in_braces(document, ("tags",))
    end = _line_end(text, _end(value))
    return text[:end], value[1].start_mark.column, text[end:]


def _end(events: Sequence[Event]) -> int:
    """Returns where the last value ends, without comments behind it."""
    end, in_braces = 0, list[bool]()
    for event in events:
        if isinstance(event, CollectionStartEvent):
            in_braces.append(event.flow_style)
        elif not isinstance(event, CollectionEndEvent) or in_braces.pop():
            end = event.end_mark.index
    return end


def _line_end(text: str, index: int) -> int:
    if index and text[index - 1] == "\n":
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _whole_lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _in_braces(document: Document, path: tuple[str, ...]) -> ConfigError:
    reason = "tags can only be added where each stands on a line of its own, without braces around"
    return ConfigError([document.problem(path, reason)])


def _check_kept(old: Document, new: Document, added: int) -> None:
    data: dict[str, Any] = old.data or {}
    before: dict[str, object] = data.get("tags") or {}
    after: dict[str, object] = new.data["tags"]
    is_kept = all(after.get(name) == entry for name, entry in before.items())
    if not is_kept or len(after) != len(before) + added:
        reason = "tags cannot be added to this file; write them by hand"
        raise ConfigError.of(reason, old.file)
