"""Channels with security: what crosses them in clear, and whom they are not opened to."""

import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from asyncua import ua
from asyncua.client.client import Client

from handwheel.connectors.actuation.write_session import check_accounts, open_write_session
from handwheel.connectors.client.site_reader import read_once, survey
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.endpoints import OpcuaConnection, Security
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.opcua.security import channel
from handwheel.connectors.opcua.security.application import FOLDER, KEY
from handwheel.connectors.opcua.security.certificates import utc_now
from handwheel.connectors.opcua.security.session_client import LoginRefused, SessionClient
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.server.opcua.access.certificates import open_identity
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.encrypted import ENCRYPTED, SIGNED, befriend, pin_of, serving
from ...plants.served import GATE_SECRET, link_of, site_of
from ..actuation.permits import deliver, opened, permit_for

URI = namespace_uri("cw-100")
SETPOINT = "PIC-102.sp"
TAGS = ["PT-102.pv", "PIC-102.mode", "SIM-CLOCK.pv"]
NO_PIN = "sha256:" + 64 * "0"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plant") / "identity"


@pytest.fixture(scope="module")
async def plant(identity: Path) -> AsyncGenerator[PlantServer]:
    async with serving(identity) as server:
        yield server


@pytest.fixture(scope="module")
def site(plant: PlantServer, identity: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose key the plant trusts, and which pins the plant's certificate."""
    folder = tmp_path_factory.mktemp("sites") / "trusted"
    site = site_of(folder, link_of(plant))
    befriend(folder, identity)
    return secured(site, security=ENCRYPTED, certificate=pin_of(identity))


def secured(site: Site, **keys: object) -> Site:
    """The site with other keys in its OPC UA connection."""
    config = site.connections["dcs"].model_copy(update=keys)
    return replace(site, connections={"dcs": config})


@asynccontextmanager
async def overheard(site: Site, plant: PlantServer) -> AsyncGenerator[tuple[Site, bytearray]]:
    """The site behind a line on which everything that it sends is listened to."""
    heard = bytearray()

    def hear(chunk: bytes) -> bytes:
        heard.extend(chunk)
        return chunk

    async with LinkProxy(plant.opcua.port) as link:
        link.alter(hear, "up")
        yield secured(site, endpoint=f"opc.tcp://127.0.0.1:{link.port}"), heard


@pytest.mark.parametrize(
    ("kind", "is_write_seen"), [("None", True), (SIGNED, True), (ENCRYPTED, False)]
)
async def test_it_reads_and_writes_and_never_shows_the_password(
    site: Site, plant: PlantServer, identity: Path, kind: Security, *, is_write_seen: bool
) -> None:
    pin = pin_of(identity) if kind != "None" else ""
    tag, wanted = site.tags[SETPOINT], 341.0 + len(kind)
    async with overheard(secured(site, security=kind, certificate=pin), plant) as (here, heard):
        found = await survey(here, here.find_tags(TAGS), [tag])
        assert {each.status for each in found.readings.values()} == {GOOD}
        async with opened(here, tag) as session:
            permit = permit_for(session, tag, wanted)
            await deliver(session, permit)
    assert plant.simulation.values()[SETPOINT] == wanted
    assert (permit.wire in heard) is is_write_seen
    assert GATE_SECRET.encode() not in heard
    # A person is told before what the gate then finds: the same server, by proof or by its word.
    assert found.encoders["dcs"].identity == permit.identity
    assert permit.identity.certificate == (pin or None)
    assert permit.identity.name == (URI if pin else f"{URI} {pin_of(identity)}")


async def test_reading_and_subscribing_go_on_when_the_channel_is_renewed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[Client] = []
    original = OpcuaConnector.client

    def kept(self: OpcuaConnector, account: Any) -> Client:
        clients.append(original(self, account))
        return clients[-1]

    monkeypatch.setattr(OpcuaConnector, "client", kept)
    tags = [tag for tag in site.tags.values() if tag.connection == "dcs"]
    session = await connector_of(site).open()
    try:
        for _ in range(2):
            readings = await session.read(tags)
            assert {each.status for each in readings.values()} == {GOOD}
            await clients[0].open_secure_channel(renew=True)
        subscription = await session.subscribe({0.05: site.find_tags(TAGS)})
        assert {name for name, _ in await subscription.changes()} <= set(TAGS)
    finally:
        await session.close()


def connector_of(site: Site) -> OpcuaConnector:
    config = site.connections["dcs"]
    assert isinstance(config, OpcuaConnection)
    return OpcuaConnector("dcs", config, site.root)


def _untouched(folder: Path) -> None:
    assert (folder / KEY).exists()


def _spoilt(folder: Path) -> None:
    (folder / "certificate.der").write_bytes(b"\x30\x82\x00\x02ab")


REFUSED: Mapping[str, tuple[Mapping[str, object], Callable[[Path], None], str]] = {
    "another certificate than pinned": (
        {"certificate": NO_PIN}, _untouched,
        rf"shows the certificate sha256:[0-9a-f]{{64}}, and site.yaml pins {NO_PIN}: if it was "
        "renewed, 'handwheel connections trust dcs' shows",
    ),
    "none pinned, and a password": ({"certificate": ""}, _untouched,
        "security without certificate: .*'handwheel connections trust dcs' shows what to write"),
    "a policy that is not offered": ({"security": "Aes256Sha256RsaPss/SignAndEncrypt"}, _untouched,
        "does not offer Aes256Sha256RsaPss/SignAndEncrypt, but Basic256Sha256/SignAndEncrypt, B"),
    "no key of our own": ({}, shutil.rmtree, "/opcua; 'handwheel connections trust dcs' makes it"),
    "half a key": ({}, lambda at: (at / KEY).unlink(), "private-key.pem: no such file"),
    "a key open to others": ({}, lambda at: (at / KEY).chmod(0o640), "open to others: chmod 600"),
    "a spoilt certificate": ({}, _spoilt, "certificate.der is no certificate"),
}  # fmt: skip


async def test_what_is_not_in_order_is_told_and_nobody_connects(site: Site, tmp_path: Path) -> None:
    for name, (keys, change, reason) in REFUSED.items():
        folder = tmp_path / name
        shutil.copytree(site.root, folder)
        change(folder / FOLDER)
        there = secured(replace(site, root=folder), **keys)
        with pytest.raises(NotConnected, match=reason):
            await connector_of(there).open()
        with pytest.raises(NotConnected, match=reason):
            await open_write_session(there, "dcs", [there.tags[SETPOINT]])
        if change is not _untouched or not there.connections["dcs"].model_dump()["certificate"]:
            with pytest.raises(NotConnected, match=reason):
                check_accounts(there)  # so that no gate begins its post with it
    check_accounts(site)


async def test_who_only_reads_without_a_password_need_not_pin(site: Site) -> None:
    there = secured(site, certificate="", write=None)
    (reading,) = (await read_once(there, there.find_tags(TAGS[:1]))).values()
    assert reading.status == GOOD


async def test_a_certificate_out_of_date_is_refused_pinned_or_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now, reason in (
        (utc_now() + timedelta(days=4000), "expired on 20"),
        (utc_now() - timedelta(days=9), "valid only from 20"),
    ):
        monkeypatch.setattr(channel, "utc_now", Mock(return_value=now))
        for there in (site, secured(site, certificate="", write=None)):
            with pytest.raises(NotConnected, match=f"certificate sha256:.*{reason}.*must renew"):
                await connector_of(there).open()


async def test_a_server_that_does_not_trust_us_is_told_with_what_to_do(
    site: Site, identity: Path
) -> None:
    ours = identity / "trusted" / "trusted.der"
    content = ours.read_bytes()
    ours.unlink()
    try:
        with pytest.raises(
            NotConnected,
            match=r"no secure channel \(BadSecurityChecksFailed\).*"
            r"opcua/certificate\.der, which its administrator must put",
        ):
            await connector_of(site).open()
    finally:
        ours.write_bytes(content)
    await (await connector_of(site).open()).close()


async def test_a_channel_that_is_not_opened_has_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = connector_of(site)
    _show(monkeypatch, await channel.ask_endpoints(connector.config))
    cases: list[tuple[Exception, str]] = [  # as asyncua shows a fault, silence, and a close
        (AssertionError(), "refused without a reason"),
        (TimeoutError(), r"no answer within \d+ s"),
        (ConnectionError("connection lost"), "it hung up"),
    ]
    for error, reason in cases:
        with monkeypatch.context() as patch:
            patch.setattr(Client, "open_secure_channel", Mock(side_effect=error))
            with pytest.raises(NotConnected, match=rf"\({reason}\): most often it does not trust"):
                await connector.open()
    await (await connector.open()).close()


def _show(monkeypatch: pytest.MonkeyPatch, found: list[ua.EndpointDescription]) -> None:
    """Lets the server show these endpoints to those who look for its certificate."""

    async def ask(config: OpcuaConnection) -> list[ua.EndpointDescription]:
        del config
        return found

    monkeypatch.setattr(channel, "ask_endpoints", ask)


async def test_who_shows_a_pinned_certificate_without_its_key_gets_no_session(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_identity(tmp_path / "victim", URI)
    there = secured(site, certificate=pin_of(tmp_path / "victim"), timeout=1.0)
    shown = await channel.ask_endpoints(connector_of(there).config)
    for each in shown:
        each.ServerCertificate = (tmp_path / "victim/certificate.der").read_bytes()
    _show(monkeypatch, shown)
    created: list[object] = []
    monkeypatch.setattr(Client, "create_session", created.append)
    with pytest.raises(NotConnected, match=r"no secure channel .* does not have the key to the"):
        await connector_of(there).open()
    assert created == []  # so it has not seen the password, not even encrypted


CLEAR = "the password in clear"
UNNAMED = "offers no user names, so that 'gate' cannot log in; the password was not sent"


def test_a_password_goes_in_clear_only_where_nobody_else_hears() -> None:
    here, there = "127.0.0.1", "192.0.2.10"
    cases: list[tuple[str, str, list[str], str]] = [
        ("Sign", there, ["None"], CLEAR),
        ("Sign", here, ["None"], CLEAR),
        ("Sign", there, ["None", "Basic256Sha256"], "Basic256Sha256"),
        ("Sign", there, [""], "Basic256Sha256"),
        ("Sign", there, [], UNNAMED),
        ("SignAndEncrypt", there, ["None"], "None"),
        ("None", there, [], UNNAMED),
        ("None", here, [], UNNAMED),
        ("None", there, ["None"], CLEAR),
        ("None", there, [""], CLEAR),
        ("None", here, ["None"], "None"),
        ("None", there, ["None", "Basic256Sha256"], "Basic256Sha256"),
        ("None", there, ["Basic128Rsa15"], CLEAR),
    ]
    name = ua.UserTokenType.UserName
    for mode, host, offered, found in cases:
        config = OpcuaConnection(kind="opcua", endpoint=f"opc.tcp://{host}:4840")
        client: Any = SessionClient(config)
        client.set_user("gate")
        client.security_policy = _Policy(mode)
        client._policy_ids = [
            ua.UserTokenPolicy(TokenType=name, SecurityPolicyUri=each and BASE + each)
            for each in offered
        ]
        if found not in {CLEAR, UNNAMED}:
            assert client.server_policy(name).SecurityPolicyUri == BASE + found
            continue
        with pytest.raises(LoginRefused, match=found):
            client.server_policy(name)


BASE = "http://opcfoundation.org/UA/SecurityPolicy#"


class _Policy:
    peer_certificate = b"of the server"

    def __init__(self, mode: str) -> None:
        self.URI = BASE + ("None" if mode == "None" else "Basic256Sha256")
        self.Mode = ua.MessageSecurityMode["None_" if mode == "None" else mode]
