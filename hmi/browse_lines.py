"""What a device has, as lines that can stand in `tags.yaml`."""

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

from handwheel.connectors.session import Description, Entry
from handwheel.connectors.tags import NodeAddress, Tag
from handwheel.connectors.walk import Level, is_of_plant
from handwheel.tools.guardrails.printable import printable

from .device_types import kind_of
from .flow_style import flow
from .tag_names import TagNames


class BrowseLines:
    """Turns what was found into lines: variables as entries, the rest as comments.

    Args:
        connection: Its name.
        tags: The site's, of all connections.
    """

    def __init__(self, connection: str, tags: Mapping[str, Tag]) -> None:
        self._connection = connection
        self._names = TagNames(tags)
        self._known = {
            tag.address.node: tag.name
            for tag in tags.values()
            if tag.connection == connection and isinstance(tag.address, NodeAddress)
        }

    def lines(self, level: Level) -> Iterator[str]:
        """Yields a line for each entry of a level, under a line that says what it is."""
        name = printable(level.name or level.node)
        if not level.entries:
            yield f"  # nothing below {name or 'the top'}"
        elif level.name:
            yield f"  # below {name}"
        parent = level.name or _identifier(level.node)
        for entry in level.entries:
            yield f"  {self._line(entry, parent)}"
        objects = [each for each in level.entries if each.kind == "object"]
        if level.is_last and objects:
            likely = max(objects, key=is_of_plant)  # the first of them
            command = f"handwheel tags browse {self._connection}"
            yield f"  # to go on, say: {command} {quote(printable(likely.node))}"

    def _line(self, entry: Entry, parent: str) -> str:
        name, node = printable(entry.name), printable(entry.node)
        if entry.kind != "variable":
            return f"# {entry.kind} {name}: {node}"
        if entry.node in self._known:
            return f"# {self._known[entry.node]} already: {node}"
        fields = tag_fields(self._connection, entry)
        if fields is None:
            kind = printable(entry.description.type) if entry.description else ""
            return f"# variable {name}{f', type {kind}' * bool(kind)}: {node}"
        return f"{self._names.propose(entry.name, parent)}: {flow(fields)}"

    def fields(self, level: Level) -> Iterator[dict[str, Any]]:
        """Yields the same as JSON fields; `entry` is what `tags.yaml` would have."""
        parent = level.name or _identifier(level.node)
        for entry in level.entries:
            tag = self._known.get(entry.node, "")
            proposal = (
                None if tag or entry.kind != "variable" else tag_fields(self._connection, entry)
            )
            yield {
                "below": level.node,
                "node": entry.node,
                "name": entry.name,
                "kind": entry.kind,
                "type": entry.description.type if entry.description else "",
                "tag": tag or None,
                "proposed": self._names.propose(entry.name, parent) if proposal else None,
                "entry": proposal,
            }


def _identifier(node: str) -> str:
    """Returns a node's own name, as far as its id has one: the last part of `s=Area/Boiler`."""
    kind, _, text = node.rpartition(";")[2].partition("=")
    return text.replace("/", ".").rpartition(".")[2] if kind == "s" else ""


def tag_fields(connection: str, entry: Entry) -> dict[str, object] | None:
    """Returns a variable's entry of `tags.yaml`; `None` if its type is none that tags have."""
    said = entry.description or Description()
    kind = kind_of(said.type) or ("int" if said.members else None)
    if kind is None:
        return None
    is_enum = kind == "int" and bool(said.members)
    has_span = said.span is not None and said.span[0] < said.span[1]
    fields: dict[str, object] = {
        "connection": connection,
        "node": entry.node,
        "type": "enum" if is_enum else kind,
        "unit": said.unit,
        "range": list(said.span or ()) if has_span else None,
        "members": dict(said.members) if is_enum else None,
        "array": said.is_array,
    }
    return {key: value for key, value in fields.items() if value}
