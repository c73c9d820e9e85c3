"""What a tag's values mean: only what was recorded under the same definition is comparable."""

from collections.abc import Mapping
from hashlib import sha256

from ..model.endpoints import ModbusConnection, OpcuaConnection
from ..model.site import Site
from ..model.tags import Tag


def definitions(site: Site) -> Mapping[str, str]:
    """Returns a digest of each tag's definition, by name.

    Of all that makes another number of the same plant, or the same number of another: the type,
    the address, the byte order, scale and offset, the unit, the words, the connection's endpoint.
    """
    return {name: _digest(tag, site.connections[tag.connection]) for name, tag in site.tags.items()}


def _digest(tag: Tag, connection: OpcuaConnection | ModbusConnection) -> str:
    order = connection.order if isinstance(connection, ModbusConnection) else ""
    meaning = (
        tag.kind, tag.address, tag.unit, tag.scale, tag.offset, sorted(tag.members.items()),
        tag.is_array, connection.where, order,
    )  # fmt: skip
    return sha256(repr(meaning).encode()).hexdigest()
