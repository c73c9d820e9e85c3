"""Reading of YAML 1.2 by ruamel.yaml, for a comparison with what this project reads."""

from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

from handwheel.connectors.config.yaml_documents import Document, Path_, Scalar

Values = dict[Path_, Scalar]
_PLAIN = "tag:yaml.org,2002:"


class RefusedError(Exception):
    """The text is no YAML, or has what no file of this project may have."""


def ruamel_read(text: str) -> tuple[Document, Values]:
    """Returns the data of a text, its places and its values as they are written."""
    yaml = YAML(typ="safe", pure=True)
    cast(Any, yaml).Parser = _StrictParser
    reader = _Reader(yaml)
    try:
        root: Node | None = yaml.compose(text)
        if root is not None:
            reader.document.data = reader.value(root, ())
    except (YAMLError, ValueError, LookupError) as error:
        raise RefusedError(str(error)) from None
    return reader.document, reader.values


class _StrictParser(Parser):
    def get_event(self) -> Any:
        event = cast(Any, super().get_event())
        if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            raise RefusedError("directive")
        if getattr(event, "anchor", None) is not None:
            raise RefusedError("anchor")
        return event


class _Reader:
    def __init__(self, yaml: YAML) -> None:
        self._constructor = yaml.constructor
        self.document, self.values = Document("f"), Values()

    def value(self, node: Node, path: Path_) -> Any:
        self.document.places.setdefault(path, _place(node))
        tag = str(cast(object, node.tag)).removeprefix(_PLAIN)
        if tag not in {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value"}:
            raise RefusedError(tag)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            items = cast(list[Node], node.value)
            return [self.value(item, (*path, n)) for n, item in enumerate(items)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path, tag)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in cast(list[tuple[Node, Node]], node.value):
            key = cast(object, key_node.value) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str) or key == "<<" or key in result:
                raise RefusedError("key")
            self.document.places[*path, key] = _place(key_node)
            result[key] = self.value(value_node, (*path, key))
        return result

    def _scalar(self, node: ScalarNode, path: Path_, tag: str) -> Any:
        start, end = cast(Any, node.start_mark), cast(Any, node.end_mark)
        text = str(cast(object, node.value))
        style = cast(str | None, node.style)
        written = str(start.buffer[start.pointer : end.pointer])
        self.values[path] = Scalar(*_place(node), style or "", text, written)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise RefusedError("surrogate")
        if style is None and text.lower() in {"on", "off", "yes", "no", "y", "n"}:
            raise RefusedError("boolean")
        if tag in {"timestamp", "value"} or (tag == "int" and (":" in text or "_" in text)):
            return text
        return self._constructor.construct_object(node)


def _place(node: Node) -> tuple[int, int]:
    mark = cast(Any, node.start_mark)
    return mark.line + 1, mark.column + 1
