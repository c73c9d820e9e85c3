"""Sites with one connection, `peer`, to a server that we did not write."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.model.site import Site, load_site

from .servers import ForeignServer

Tags = Mapping[str, str]


def opcua_site(folder: Path, server: ForeignServer, tags: Tags, more: str = "") -> Site:
    connection = f'kind: opcua, endpoint: "opc.tcp://127.0.0.1:{server.port}", scan: 50 ms{more}'
    return site(folder, connection, tags)


def modbus_site(folder: Path, server: ForeignServer, tags: Tags, more: str = "") -> Site:
    connection = f"kind: modbus, host: 127.0.0.1, read: {{port: {server.port}}}, scan: 50 ms{more}"
    return site(folder, connection, tags)


def site(folder: Path, connection: str, tags: Tags) -> Site:
    lines = [f"  {name}.pv: {{connection: peer, {entry}}}" for name, entry in tags.items()]
    (folder / "site.yaml").write_text(
        f"schema: site/1\nid: peer\nconnections:\n  peer: {{{connection}}}\ntags: tags.yaml\n"
    )
    (folder / "tags.yaml").write_text("\n".join(["schema: tags/1", "tags:", *lines, ""]))
    return load_site(folder)


def node(name: str, kind: str) -> str:
    return f'node: "nsu=urn:handwheel:peer;{name if "=" in name else f"s={name}"}", type: {kind}'


def holding(address: int, encoding: str, more: str = "") -> str:
    kind = "float" if encoding.startswith("float") or "scale" in more else "int"
    return f"table: holding, address: {address}, encoding: {encoding}, type: {kind}{more}"


async def read(site: Site) -> dict[str, tuple[Any, str]]:
    """Every tag's value and the name of its status, by the tag's name."""
    values = await read_once(site, list(site.tags.values()))
    return {
        name.removesuffix(".pv"): (each.value, each.status.name) for name, each in values.items()
    }
