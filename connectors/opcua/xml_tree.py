"""XML documents as trees whose elements know their place in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ..config.regular_files import read_regular
from ..errors import ConfigError, Problem, os_reason

_MOST_BYTES = 100_000_000  # the NodeSet of OPC UA itself has 10 MB


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
