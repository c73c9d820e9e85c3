"""Variables of a NodeSet2 file, described as the server that loads it would describe them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from asyncua.ua.object_ids import ObjectIds

from ..config.regular_files import read_regular
from ..errors import ConfigError, Problem, os_reason
from ..session.protocols import BrowseEntry, Description
from .descriptions import ABSTRACT, CURRENT_WRITE, STATES, distinct_members
from .services import standard, standard_name

_MOST_BYTES = 100_000_000  # the NodeSet of OPC UA itself has 10 MB
_TYPES = frozenset({"UAObjectType", "UAVariableType", "UADataType", "UAReferenceType", "UAMethod"})
_HIERARCHICAL = frozenset({"Organizes", "HasComponent", "HasOrderedComponent", "HasProperty"})
_PROPERTY_TYPE = "i=68"
_DICTIONARY_TYPES = frozenset({"i=69", "i=72"})  # of variables that describe data types


@dataclass(slots=True)
class Element:
    """One element without its namespace."""

    name: str
    attributes: Mapping[str, str]
    line: int  # from 1
    column: int  # from 1
    text: str = ""
    children: list["Element"] = field(default_factory=list["Element"])

    def each(self, *names: str) -> Iterator["Element"]:
        """Yields the elements inside it with one of these names, in order."""
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.each(*names)

    def first(self, name: str) -> str:
        """Returns the text of the first element inside it with this name, or nothing."""
        return next((each.text.strip() for each in self.each(name)), "")


class NodeSetVariable(NamedTuple):
    """One variable of a file, and its place there."""

    path: tuple[str, ...]  # browse names of the nodes above it in the file, the nearest last
    entry: BrowseEntry
    line: int


def read_nodeset(path: Path) -> list[NodeSetVariable]:
    """Returns the variables of a NodeSet2 file, in its order.

    Properties, parts of types and nodes of OPC UA's own namespace are left out.

    Raises:
        ConfigError: It cannot be read or is no NodeSet2 file; or a node's namespace is not listed.

    Source: OPC UA Part 6, annex F (UANodeSet); Part 8, 5.3 (units, ranges, states).
    """
    root = read_xml(path)
    if root.name != "UANodeSet":
        reason = f"no NodeSet2 file: it begins with {root.name}, not UANodeSet"
        raise ConfigError([Problem(str(path), root.line, root.column, "", reason)])
    nodes = _Nodes(root, str(path))
    if nodes.problems:
        raise ConfigError(nodes.problems)
    return list(nodes.variables())


class _Nodes:
    """The nodes of a file by their ids, in the form of `tags.yaml`."""

    def __init__(self, root: Element, file: str) -> None:
        self._file = file
        uris = [each for each in root.children if each.name == "NamespaceUris"]
        self._uris = ["", *(each.text.strip() for uri in uris for each in uri.each("Uri"))]
        aliases = [each for each in root.children if each.name == "Aliases"]
        self._aliases = {
            each.attributes.get("Alias", ""): each.text.strip()
            for alias in aliases
            for each in alias.each("Alias")
        }
        self.problems: list[Problem] = []
        self._nodes: dict[str, Element] = {}
        for each in root.children:
            if "NodeId" in each.attributes:
                self._nodes[self._id(each.attributes["NodeId"], each)] = each
        self._dictionaries: set[str] = set()
        self._parents: dict[str, str] = {}
        self._properties: dict[str, dict[str, Element]] = {}
        for node, each in self._nodes.items():
            self._link(node, each)

    def variables(self) -> Iterator[NodeSetVariable]:
        """Yields the variables that belong to instances."""
        properties = {id(each) for found in self._properties.values() for each in found.values()}
        for node, each in self._nodes.items():
            is_own = node.startswith("nsu=") and node not in self._dictionaries
            is_own = is_own and id(each) not in properties
            if each.name == "UAVariable" and is_own and not self._is_of_type(node):
                entry = BrowseEntry(node, _browse_name(each), "variable", self._described(node))
                path = tuple(_browse_name(above) for above in self._above(node))
                yield NodeSetVariable(path[::-1], entry, each.line)

    def _id(self, text: str, element: Element) -> str:
        text = self._aliases.get(text, text).strip()
        if not text.startswith("ns="):
            return text
        index, _, identifier = text.removeprefix("ns=").partition(";")
        if index == "0":
            return identifier
        if not index.isdecimal() or int(index) >= len(self._uris):
            place = (self._file, element.line, element.column)
            reason = f"{text}: NamespaceUris has no entry {index}"
            self.problems.append(Problem(*place, element.name, reason))
            return text
        return f"nsu={self._uris[int(index)]};{identifier}"

    def _link(self, node: str, element: Element) -> None:
        if "ParentNodeId" in element.attributes:
            self._parents[node] = self._id(element.attributes["ParentNodeId"], element)
        for each in element.each("Reference"):
            kind, target = self._reference(each), self._id(each.text, each)
            is_forward = each.attributes.get("IsForward", "true") != "false"
            above, below = (node, target) if is_forward else (target, node)
            if kind in _HIERARCHICAL:
                self._parents.setdefault(below, above)
            if kind == "HasProperty" and below in self._nodes:
                name = _browse_name(self._nodes[below])
                self._properties.setdefault(above, {})[name] = self._nodes[below]
            if kind == "HasSubtype" and not is_forward:
                self._parents.setdefault(node, target)
            if kind == "HasTypeDefinition" and target in _DICTIONARY_TYPES:
                self._dictionaries.add(node)
            if kind == "HasTypeDefinition" and target == _PROPERTY_TYPE and node in self._parents:
                self._properties.setdefault(self._parents[node], {})[_browse_name(element)] = (
                    element
                )

    def _reference(self, element: Element) -> str:
        kind = self._id(element.attributes.get("ReferenceType", ""), element)
        return _standard_name(kind) or kind

    def _is_of_type(self, node: str) -> bool:
        return any(above.name in _TYPES for above in self._above(node))

    def _above(self, node: str) -> Iterator[Element]:
        """Yields the nodes above a node in the file, the nearest first."""
        seen = {node}
        while (node := self._parents.get(node, "")) in self._nodes and node not in seen:
            seen.add(node)
            yield self._nodes[node]

    def _described(self, node: str) -> Description:
        element, own = self._nodes[node], self._properties.get(node, {})
        kind = self._id(element.attributes.get("DataType", "i=24"), element)
        name, members = self._type(kind)
        has_two_states = name in ABSTRACT and own.keys() >= STATES
        rank = element.attributes.get("ValueRank", "-1")
        access = element.attributes.get("AccessLevel", "1")
        return Description(
            type="Boolean" if has_two_states else name,
            unit=_unit(own),
            span=_span(own),
            members=_members(own) or members,
            is_array=rank.isdecimal(),
            is_writable=access.isdecimal() and bool(int(access) & CURRENT_WRITE),
        )

    def _type(self, node: str) -> tuple[str, Mapping[str, int]]:
        """Returns the name of a data type's next type of OPC UA's own, and the words."""
        members: Mapping[str, int] = {}
        seen: set[str] = set()
        while node in self._nodes and node not in seen:
            seen.add(node)
            element = self._nodes[node]
            fields = [each.attributes for each in element.each("Field")]
            named = [
                (each["Name"], int(each["Value"]))
                for each in fields
                if "Name" in each and _is_integer(each.get("Value", ""))
            ]
            found = distinct_members(named) or _members(self._properties.get(node, {}))
            members = members or found
            node = self._parents.get(node, "")
        name = _standard_name(node)
        return name, members if _number(node) == ObjectIds.Enumeration else {}


def _browse_name(element: Element) -> str:
    name = element.attributes.get("BrowseName", "")
    index, colon, rest = name.partition(":")
    return rest if colon and index.isdecimal() else name


def _number(node: str) -> int:
    text = node.removeprefix("i=")
    return int(text) if node.startswith("i=") and text.isdecimal() else -1


def _standard_name(node: str) -> str:
    number = _number(node)
    return standard_name(standard(number)) if number >= 0 else ""


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _values(properties: Mapping[str, Element], name: str, part: str) -> Iterator[Element]:
    """Yields the elements with one name in a property's value."""
    found = properties.get(name)
    values = [each for each in found.children if each.name == "Value"] if found else []
    return (part_ for value in values for part_ in value.each(part))


def _unit(properties: Mapping[str, Element]) -> str:
    names = _values(properties, "EngineeringUnits", "DisplayName")
    return next((each.first("Text") for each in names), "")


def _span(properties: Mapping[str, Element]) -> tuple[float, float] | None:
    ends = [next(_values(properties, "EURange", name), None) for name in ("Low", "High")]
    try:
        low, high = (float(each.text) if each else nan for each in ends)
    except ValueError:
        return None
    return (low, high) if isfinite(low) and isfinite(high) and low < high else None


def _members(properties: Mapping[str, Element]) -> dict[str, int]:
    values = [
        (next((name.first("Text") for name in each.each("DisplayName")), ""), each.first("Value"))
        for each in _values(properties, "EnumValues", "EnumValueType")
    ]
    words = [each.text.strip() for each in _values(properties, "EnumStrings", "Text")]
    named = [(word, int(number)) for word, number in values if _is_integer(number)]
    return distinct_members(named or [(word, number) for number, word in enumerate(words)])


def read_xml(path: Path) -> Element:
    """Returns the root of an XML file. Document types are refused, since they declare entities.

    Raises:
        ConfigError: It cannot be read, or is no well-formed XML without a document type.
    """
    tree = _Tree(str(path))
    try:
        tree.parser.Parse(read_regular(path, _MOST_BYTES), True)
    except OSError as error:
        raise ConfigError.of(f"cannot be read: {os_reason(error)}", path) from None
    except expat.ExpatError as error:
        raise tree.refusal(error.lineno, error.offset + 1, expat.ErrorString(error.code)) from None
    return tree.root


class _Tree:
    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[Element] = [Element("", {}, 0, 0)]
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    @property
    def root(self) -> Element:
        return self._open[0].children[0]

    def refusal(self, line: int, column: int, reason: str) -> ConfigError:
        return ConfigError([Problem(self._file, line, column, "", f"no XML: {reason}")])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parser = self.parser
        local = name.rpartition(" ")[2]
        place = (parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        element = Element(local, attributes, *place)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        del name
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, name: str, *more: object) -> None:
        del name, more
        raise self.refusal(self.parser.CurrentLineNumber, 1, "a document type is not allowed")
