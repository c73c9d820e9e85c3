"""Heartbeats, tags that only the gate writes so that a PLC sees it alive."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from ..config.durations import Duration
from ..config.validation import Model
from ..config.yaml_documents import Document
from ..errors import Problem
from .endpoints import ConnectionConfig
from .tags import RegisterAddress, Tag

SHORTEST_S, LONGEST_S = 0.2, 60.0
LAST_COUNT = 32767
"""Largest number of a signed register, after which a heartbeat begins again at 0."""

_ONE_REGISTER = frozenset({"int16", "uint16"})


def _check_interval(seconds: float) -> float:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError("must lie between 200 ms and 1 min")
    if seconds * 1000.0 != round(seconds * 1000.0):
        raise ValueError("must be a whole number of milliseconds")
    return seconds


class HeartbeatSpec(Model):
    """Tag and interval of the heartbeat of a piece of equipment."""

    tag: str
    every: Annotated[Duration, AfterValidator(_check_interval)]

    @property
    def every_ms(self) -> int:
        """The interval in milliseconds."""
        return round(self.every * 1000.0)


def check_heartbeats(
    heartbeats: Mapping[str, HeartbeatSpec],
    tags: Mapping[str, Tag],
    connections: Mapping[str, ConnectionConfig],
    document: Document,
) -> Iterator[Problem]:
    """Yields the problems of heartbeats by equipment, such as a tag that two of them share."""
    owners: dict[str, str] = {}
    for equipment, heartbeat in heartbeats.items():
        path = ("equipment", equipment, "heartbeat", "tag")
        tag = tags.get(heartbeat.tag)
        if tag is None:
            yield document.problem(path, f"there is no tag {heartbeat.tag!r}")
            continue
        if (reason := _fault(tag, equipment, connections)) is not None:
            yield document.problem(path, f"{tag.name} {reason}")
        other = owners.setdefault(tag.name, equipment)
        if other != equipment:
            yield document.problem(path, f"{tag.name} is the heartbeat of {other}")
        if shown := [each.name for each in tags.values() if each.readback == tag.name]:
            yield document.problem(path, f"{tag.name} is the readback of {shown[0]}")


def _fault(tag: Tag, equipment: str, connections: Mapping[str, ConnectionConfig]) -> str | None:
    connection = connections.get(tag.connection)
    if tag.equipment != equipment:
        return f"belongs to {tag.equipment or 'no equipment'}; a heartbeat to its own"
    if tag.kind != "int" or tag.is_scaled:
        return f"is a {tag.kind}; a heartbeat is an int"
    if not tag.writable or connection is None or not connection.write:
        return "cannot be written: the tag or its connection is read only"
    address = tag.address
    if isinstance(address, RegisterAddress) and (
        address.table != "holding" or address.encoding not in _ONE_REGISTER
    ):
        return f"is at {address}; a heartbeat is one holding register"
    return None
