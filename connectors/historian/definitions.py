"""Definitions of tags, since only values of the same definition are comparable."""

from collections.abc import Mapping
from hashlib import sha256

from ..model.endpoints import ModbusConnection
from ..model.site import Site
from ..model.tags import Tag


def definitions(site: Site) -> Mapping[str, str]:
    """Returns a digest of each tag's definition, by name.

    It covers everything that changes a number or its meaning: type, address, byte order, scale and
    offset, unit, members and the connection's endpoint; of a computed tag its method and inputs.
    """
    return {name: _digest(tag, site) for name, tag in site.tags.items()}


def _digest(tag: Tag, site: Site) -> str:
    if tag.computation:
        return sha256(f"{tag.computation} {tag.unit}".encode()).hexdigest()
    connection = site.connections[tag.connection]
    order = connection.order if isinstance(connection, ModbusConnection) else ""
    meaning = (
        tag.kind, tag.address, tag.unit, tag.scale, tag.offset, sorted(tag.members.items()),
        tag.is_array, connection.where, order,
    )  # fmt: skip
    return sha256(repr(meaning).encode()).hexdigest()
