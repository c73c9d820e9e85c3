"""The file `site.yaml`, and checks that it and `tags.yaml` agree."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, field_validator

from ..config.validation import KeyId, Model, spelled
from ..config.yaml_documents import Document, Path_
from ..errors import Problem
from .endpoints import (
    ConnectionEntry,
    InstalledConnection,
    ModbusConnection,
    is_same_device,
)
from .equipment import Equipment
from .heartbeats import check_heartbeats
from .language_models import LanguageModel
from .notice_spec import NoticeSpec
from .tag_file import NAME
from .tags import Computation, ItemAddress, NodeAddress, RegisterAddress, Tag
from .twin_spec import TwinSpec

SITE_SCOPE = "site"

Cell = tuple[object, ...]

_ADDRESSES = {"opcua": NodeAddress, "modbus": RegisterAddress}
_KEYS = {"opcua": "node", "modbus": "table and address"}

_EQUIPMENT = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)  # it names a lockout file
_OPCUA_NAMESPACE = "nsu=http://opcfoundation.org/UA/"  # the default without nsu=


class Trust(Model):
    """Fingerprint of the first administrator's key."""

    root: KeyId


class WallClock(Model):
    """Process time is the wall clock, as in every real plant."""

    kind: Literal["wall"]


class PlantClock(Model):
    """Process time is published by a simulated plant, which may run faster."""

    kind: Literal["plant"]
    tag: str  # seconds of plant time


Clock = Annotated[WallClock | PlantClock, Discriminator("kind")]


class Supervision(Model):
    """Bounds of what the agents ask of people."""

    requests: Annotated[int, Field(ge=1, le=100)] = 5  # of agents that wait for a decision at once


class Processes(Model):
    """OS users of the site's processes, where they are not all the same."""

    # of the agents, who alone may send the gate what agents say; empty for anyone of the group
    agents: str = Field(default="", pattern=r"^[a-z_][a-z0-9_-]{0,31}$")


class SiteFile(Model):
    """The file `site.yaml`."""

    schema_: Literal["site/1"] = Field(alias="schema")
    id: Annotated[
        str, spelled(r"[a-z0-9][a-z0-9-]{0,62}", "is no id: at most 63 of a-z, 0-9 and hyphen")
    ]
    state: str = "var/"
    clock: Clock = WallClock(kind="wall")
    trust: Trust | None = None
    connections: dict[str, ConnectionEntry]
    tags: str = "tags.yaml"
    equipment: dict[str, Equipment] = Field(default_factory=dict)
    playbooks: list[str] = Field(default_factory=list)
    failure_modes: list[str] = Field(default_factory=list)
    baseline: str = "baseline.yaml"
    twin: TwinSpec | None = None
    plant: str = ""
    planner: str = "rules"
    models: list[LanguageModel] = Field(default_factory=list[LanguageModel])
    notices: NoticeSpec | None = None
    supervision: Supervision = Supervision()
    processes: Processes = Processes()
    tools: list[str] = Field(default_factory=list)

    @field_validator("state")
    @classmethod
    def _check_state(cls, state: str) -> str:
        if not state or "\0" in state:
            raise ValueError(f"{state!r} is no folder; write a path such as var/")
        return state


def check_tags(
    tags: Mapping[str, Tag], config: SiteFile, document: Document, others: Document | None = None
) -> Iterator[Problem]:
    """Yields problems of tags, such as their names, addresses and readbacks.

    Args:
        document: Has the places of the tags to check.
        others: Has those of the tags beside which they are imported.
    """
    taken: dict[Cell, str] = {}
    sharing: dict[Cell, list[Tag]] = {}
    for name, tag in tags.items():
        if tag.computation:
            continue  # `ComputedChecks` checks it
        path = ("tags", name)
        if not NAME.fullmatch(name):
            yield document.problem(path, "a tag is a name and an attribute, such as PT-102.pv")
        yield from _check_connection(tag, config, document, path)
        if tag.equipment and tag.equipment not in config.equipment:
            reason = f"{tag.equipment!r} is not in the site's equipment"
            yield document.problem((*path, "equipment"), reason)
        if tag.readback:
            yield from _check_readback(tag, tags, document, path)
        cells = list(_cells(tag, config))
        for cell in cells:
            other = taken.setdefault(cell, name)
            if other != name:
                yield document.problem(path, _same_address(other, document, others))
                break
        else:
            yield from _shared_writes(tag, {cell[:-1] for cell in cells}, sharing, document)


def _same_address(other: str, document: Document, others: Document | None) -> str:
    is_there = others is not None and ("tags", other) in others.places
    place = (others if others and is_there else document).problem(("tags", other), "")
    at = f"{place.file}:{place.line}"
    return f"has the same address as {other} ({at}); edit or remove one of them"


def _shared_writes(
    tag: Tag, places: set[Cell], sharing: dict[Cell, list[Tag]], document: Document
) -> Iterator[Problem]:
    """Yields a problem if a write of this tag or of another one would change both.

    A tag may be a part of another one's register or node. A write of the whole would pass by the
    policy of the part.
    """
    for place in places:
        others = sharing.setdefault(place, [])
        for other in others:
            if tag.writable or other.writable:
                written = tag if tag.writable else other
                reason = (
                    f"shares its register or node with {other.name}, and {written.name} is "
                    "writable: a write of it would change both"
                )
                yield document.problem(("tags", tag.name), reason)
                return
        others.append(tag)


def check_clock(tags: Mapping[str, Tag], config: SiteFile, document: Document) -> Iterator[Problem]:
    """Yields the problems of a plant's clock, which needs simulated plants and a number."""
    if not isinstance(config.clock, PlantClock):
        return
    tag, path = tags.get(config.clock.tag), ("clock", "tag")
    if tag is None:
        yield document.problem(path, f"there is no tag {config.clock.tag!r}")
    elif tag.kind not in {"float", "int"} or tag.unit not in {"", "s"}:
        yield document.problem(path, f"{tag.name} is no number of seconds")
    real = [name for name, each in config.connections.items() if not each.simulated]
    if real:
        reason = f"a plant's clock is for simulated plants, and {', '.join(real)} is not one"
        yield document.problem(("clock",), reason)


def _check_connection(
    tag: Tag, config: SiteFile, document: Document, path: Path_
) -> Iterator[Problem]:
    connection = config.connections.get(tag.connection)
    if connection is None:
        names = ", ".join(config.connections)
        reason = f"there is no connection {tag.connection!r}; known: {names}"
        yield document.problem((*path, "connection"), reason)
    elif not isinstance(tag.address, _ADDRESSES.get(connection.kind, ItemAddress)):
        keys = _KEYS.get(connection.kind, "item")
        reason = f"{tag.connection} is {connection.kind}: a tag on it has {keys}"
        yield document.problem((*path, "connection"), reason)
    elif isinstance(connection, InstalledConnection) and (fault := _item_fault(tag, connection)):
        yield document.problem((*path, "item"), fault)


def _item_fault(tag: Tag, connection: InstalledConnection) -> str:
    try:
        connection.check_item(str(tag.address))
    except ValueError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (code of others)
        return f"{connection.kind} cannot check it: {type(error).__name__}: {error}"
    return ""


def _check_readback(
    tag: Tag, tags: Mapping[str, Tag], document: Document, path: Path_
) -> Iterator[Problem]:
    shown = tags.get(tag.readback)
    if shown is None:
        reason = f"there is no tag {tag.readback!r}; write self, or the tag that must read as sent"
        yield document.problem((*path, "readback"), reason)
    elif (shown.kind, shown.unit, shown.members) != (tag.kind, tag.unit, tag.members):
        reason = f"{shown.name} has another type, unit or members: it cannot read as sent"
        yield document.problem((*path, "readback"), reason)


def _cells(tag: Tag, config: SiteFile) -> Iterator[Cell]:
    """Yields a tag's registers or node, each with the part that it takes."""
    device = _device(tag, config)
    match tag.address:
        case NodeAddress(node, index):
            yield device, same_node(node), index
        case RegisterAddress(table, address):
            for offset in range(tag.address.count):
                yield device, table, address + offset, tag.address.bit
        case ItemAddress(item):
            yield device, item, ""
        case Computation():
            return


def _device(tag: Tag, config: SiteFile) -> object:
    """Returns the first connection to the same device, so that aliases compare equal."""
    own = config.connections.get(tag.connection)
    if own is None:
        return tag.connection
    unit = tag.address.unit if isinstance(tag.address, RegisterAddress) else None
    if unit is not None and isinstance(own, ModbusConnection):
        own = own.model_copy(update={"unit": unit})
    same = (name for name, other in config.connections.items() if is_same_device(own, other))
    # A unit without a connection of its own is named by the first connection that leads to it.
    return next(same, (own.where,))


def same_node(node: str) -> str:
    """Returns one text for all spellings of a node, such as `i=05` and `i=5`."""
    uri, _, identifier = node.partition(";") if node.startswith("nsu=") else ("", "", node)
    uri = "" if uri == _OPCUA_NAMESPACE else uri
    kind, _, rest = identifier.partition("=")
    if kind == "i":
        return f"{uri};i={int(rest)}"
    return f"{uri};{identifier.lower() if kind == 'g' else identifier}"


def check_equipment(
    tags: Mapping[str, Tag], config: SiteFile, document: Document
) -> Iterator[Problem]:
    """Yields problems of equipment, such as its names, members and attributes."""
    declared = {name: each.heartbeat for name, each in config.equipment.items() if each.heartbeat}
    yield from check_heartbeats(declared, tags, config.connections, document)
    for name, equipment in config.equipment.items():
        path = ("equipment", name)
        if name == SITE_SCOPE or not _EQUIPMENT.fullmatch(name):
            reason = "equipment is a letter, then letters, digits and '-', and never 'site'"
            yield document.problem(path, reason)
        for n, member in enumerate(equipment.members):
            if member not in config.equipment:
                yield document.problem((*path, "members", n), f"there is no equipment {member!r}")
        for attribute, tag in equipment.attributes.items():
            if tag not in tags:
                yield document.problem((*path, "attributes", attribute), f"there is no tag {tag!r}")
