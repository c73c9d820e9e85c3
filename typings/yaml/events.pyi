from .error import Mark

class Event:
    start_mark: Mark
    end_mark: Mark

class StreamStartEvent(Event): ...
class StreamEndEvent(Event): ...

class DocumentStartEvent(Event):
    version: tuple[int, int] | None
    tags: dict[str, str] | None

class DocumentEndEvent(Event): ...

class NodeEvent(Event):
    anchor: str | None

class AliasEvent(NodeEvent):
    anchor: str

class ScalarEvent(NodeEvent):
    tag: str | None
    implicit: tuple[bool, bool]
    value: str
    style: str | None

class CollectionStartEvent(NodeEvent):
    tag: str | None
    flow_style: bool

class SequenceStartEvent(CollectionStartEvent): ...
class MappingStartEvent(CollectionStartEvent): ...
class CollectionEndEvent(Event): ...
class SequenceEndEvent(CollectionEndEvent): ...
class MappingEndEvent(CollectionEndEvent): ...
