"""The standard nodes of an OPC UA server: built once in a process, and copied for each server."""

from importlib import import_module
from pathlib import Path

import pytest
from asyncua.server.address_space import (
    AddressSpace,
    AttributeValue,
    NodeData,
    NodeManagementService,
)
from asyncua.server.internal_server import InternalServer


def build_once() -> None:
    """Lets every server copy what asyncua would build anew for each of them."""
    built = AddressSpace()
    source = import_module("asyncua.server.standard_address_space.standard_address_space")
    source.fill_address_space(NodeManagementService(built))

    async def load(server: InternalServer, shelf_file: Path | None = None) -> None:
        assert shelf_file is None
        for node in built.keys():  # noqa: SIM118 (it cannot be iterated)
            server.aspace[node] = _copy(built[node])

    pytest.MonkeyPatch().setattr(InternalServer, "load_standard_address_space", load)


def _copy(data: NodeData) -> NodeData:
    """Copies what a server changes; values and references are replaced, never changed."""
    copy = NodeData(data.nodeid)
    copy.references = list(data.references)
    for attribute, kept in data.attributes.items():
        assert kept.value is not None
        copy.attributes[attribute] = AttributeValue(kept.value)
    return copy
