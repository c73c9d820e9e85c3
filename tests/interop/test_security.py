"""Channels with security to a server that we did not write: every policy and mode, and a no."""

import asyncio
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import cast, get_args

import pytest

from handwheel.connectors.client.one_shot import open_session
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.endpoints import OpcuaConnection, Security
from handwheel.connectors.model.site import Site
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.opcua.discovery import discover_server
from handwheel.connectors.opcua.security.application import make_application

from .peer_sites import node, opcua_site, read
from .servers import ForeignServer, node_opcua

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

SECURED = [each for each in get_args(Security) if each != "None"]
KEYS = ', security: {}, certificate: "{}"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def server(folder: Path) -> Generator[ForeignServer]:
    with node_opcua(folder, change_ms=0, most_nodes=0, is_secured=True) as server:
        yield server


async def test_trusted_we_speak_every_policy_and_mode(server: ForeignServer, folder: Path) -> None:
    tags = {"third": node("i=3", "float")}
    make_application(folder, "peer")
    plain = opcua_site(folder, server, tags)
    stranger = await discover_server(connector_of(plain))
    assert set(stranger.offers) == {*SECURED, "None"}
    shown = stranger.certificate
    assert shown is not None
    pins = {each: KEYS.format(each, shown.thumbprint) for each in SECURED}
    for each in (stranger.security, SECURED[0]):
        with pytest.raises(NotConnected, match="most often it does not trust our certificate"):
            await connector_of(opcua_site(folder, server, tags, pins[each])).open()
    for rejected in (folder / "keys/rejected").iterdir():  # as its administrator would
        rejected.rename(folder / "keys/trusted/certs" / rejected.name)
    await _trusted(opcua_site(folder, server, tags, pins[SECURED[0]]))
    for each in SECURED:
        site = opcua_site(folder, server, tags, pins[each])
        assert await read(site) == {"third": (3.0, "Good")}, each


async def _trusted(site: Site) -> None:
    """Waits until the server has seen what its administrator did: it watches its folder."""
    async with asyncio.timeout(30.0):
        while True:
            with suppress(NotConnected):
                async with open_session(connector_of(site)):
                    return
            await asyncio.sleep(0.2)


def connector_of(site: Site) -> OpcuaConnector:
    return OpcuaConnector("peer", cast(OpcuaConnection, site.connections["peer"]), site.root)
