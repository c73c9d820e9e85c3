"""Addition of tags to the text of `tags.yaml`, which changes nothing that stands there."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from handwheel.connectors.config.yaml_documents import Document, parse_content
from handwheel.connectors.errors import ConfigError, Problem

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
    before, indent, after = _split(text, parse_content(content, file))
    if before and not before.endswith("\n"):
        before += end_of_line
    added = "".join(f"{' ' * indent}{line}{end_of_line}" for line in lines)
    edited = before + added + after
    _check_kept(parse_content(content, file), parse_content(edited.encode(), file), len(lines))
    return edited


def _split(text: str, document: Document) -> tuple[str, int, str]:
    """Returns the text before the new tags, their indentation and the text behind them."""
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    if root is None:
        return f"{_whole_lines(text)}schema: tags/1\ntags:\n", _INDENT, ""
    assert isinstance(root, MappingNode)
    for key, value in _children(root):
        if cast(object, key.value) == "tags":
            return _split_at(text, key, value, document)
    if _is_flow(root):
        raise _in_braces(document, ())
    end = _line_end(text, _end(root))
    return f"{_whole_lines(text[:end])}tags:\n", _INDENT, text[end:]


def _split_at(text: str, key: Node, value: Node, document: Document) -> tuple[str, int, str]:
    indent = _marks(key)[0].column + _INDENT
    if isinstance(value, ScalarNode) or not value.value:  # null or {}
        start, end = _marks(value)[0].index, _marks(value)[1].index
        text = text[:start].rstrip(" ") + text[end:] if end > start else text
        end = _line_end(text, _marks(key)[1].index)
    elif not isinstance(value, MappingNode) or _is_flow(value):
        raise _in_braces(document, ("tags",))
    else:
        first = _children(value)[0][0]
        indent, end = _marks(first)[0].column, _line_end(text, _end(value))
    return text[:end], indent, text[end:]


def _end(node: Node) -> int:
    """Returns where the last value in a node ends, without comments behind it."""
    is_block = isinstance(node, MappingNode) and not _is_flow(node) and bool(_children(node))
    if is_block:
        return _end(_children(node)[-1][1])
    return cast(int, _marks(node)[1].index)


def _children(node: Node) -> list[tuple[Node, Node]]:
    """Returns keys and values of a mapping."""
    return cast(list[tuple[Node, Node]], node.value)


def _is_flow(node: MappingNode) -> bool:
    return bool(cast(Any, node).flow_style)


def _line_end(text: str, index: int) -> int:
    if index and text[index - 1] == "\n":
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _whole_lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _marks(node: Node) -> tuple[Any, Any]:
    """Returns where a node begins and ends."""
    return cast(Any, node).start_mark, cast(Any, node).end_mark


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
        raise ConfigError([Problem(old.file, 0, 0, "", reason)])
