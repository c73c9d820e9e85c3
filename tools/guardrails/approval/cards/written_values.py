"""Value that the bytes of an action write, whatever the proposer says they do."""

from collections.abc import Mapping

from handwheel.connectors.model.coercion import read_as
from handwheel.connectors.model.endpoints import ConnectionConfig, ModbusConnection
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import Value
from handwheel.connectors.opcua.write_value import read_write_value

from ....requests.request import Action


def written_value(
    action: Action, tags: Mapping[str, Tag], connections: Mapping[str, ConnectionConfig]
) -> Value:
    """Returns the value that the action's bytes write to its tag.

    Raises:
        ValueError: The bytes are no write of this tag, or its tag is none of the site.
    """
    tag = tags.get(action.tag)
    if tag is None or tag.connection not in connections:
        raise ValueError("write no tag of this site")
    wire, connection = bytes.fromhex(action.wire), connections[tag.connection]
    if isinstance(connection, ModbusConnection):
        return _from_registers(tag, connection, wire, action)
    node, value = read_write_value(wire)
    if not isinstance(tag.address, NodeAddress) or node != _node_of(tag.address):
        raise ValueError(f"write {node}, which is not this tag")
    return read_as(tag, value)


def _from_registers(tag: Tag, connection: ModbusConnection, wire: bytes, action: Action) -> Value:
    from handwheel.connectors.modbus.encoder import ModbusEncoder

    encoder = ModbusEncoder(tag.connection, connection, action.identity.identity)
    value = encoder.decode(tag, wire)
    if encoder.encode(tag, value).wire != wire:
        raise ValueError("are no write of this tag")
    return value


def _node_of(address: NodeAddress) -> str:
    kind, _, identifier = address.identifier.partition("=")
    return f"{kind}={identifier.lower() if kind == 'g' else identifier}"
