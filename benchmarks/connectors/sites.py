"""Sites of any size for the measurements, over the peers' servers."""

from pathlib import Path

from handwheel.connectors.client.site_reader import connector_for
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag
from handwheel.connectors.session.protocols import Session

OPCUA, MODBUS = "opcua", "modbus"


def site_of(*connections: OpcuaConnection | ModbusConnection) -> Site:
    """Returns a site with these connections, each under its protocol's name, and no tags."""
    named: dict[str, OpcuaConnection | ModbusConnection] = {each.kind: each for each in connections}
    return Site(Path(), "bench", named, {}, {}, "", Path(), {}, "")


def opcua(port: int, scan_ms: int = 1000, *, is_told: bool = False) -> OpcuaConnection:
    """Returns the connection with a peer on OPC UA."""
    entry = {
        "kind": OPCUA,
        "endpoint": f"opc.tcp://127.0.0.1:{port}",
        "scan": f"{scan_ms} ms",
        "updates": "subscribe" if is_told else "scan",
    }
    return OpcuaConnection.model_validate(entry)


def modbus(port: int, scan_ms: int = 1000, window: int = 1) -> ModbusConnection:
    """Returns the connection with a peer on Modbus."""
    entry = {
        "kind": MODBUS,
        "host": "127.0.0.1",
        "read": {"port": port},
        "scan": f"{scan_ms} ms",
        "window": window,
    }
    return ModbusConnection.model_validate(entry)


def node_tags(count: int) -> list[Tag]:
    """Returns tags of the first nodes of a peer, each a double."""
    return [
        Tag(f"TT-{each}.pv", OPCUA, "float", NodeAddress(f"nsu=urn:handwheel:peer;i={each}"))
        for each in range(1, count + 1)
    ]


def register_tags(addresses: list[int]) -> list[Tag]:
    """Returns tags of holding registers, each a 16-bit number."""
    return [
        Tag(f"FT-{each}.pv", MODBUS, "int", RegisterAddress("holding", each, "uint16"))
        for each in addresses
    ]


async def opened(site: Site, connection: str) -> Session:
    """Opens a session with one of a site's connections."""
    return await connector_for(site, connection).open()
