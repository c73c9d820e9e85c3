"""What `connections trust` makes, says and leaves alone."""

import asyncio
import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.connectors.model.endpoints import Security
from handwheel.connectors.model.site import Site
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.opcua.discovery import ServerOffer
from handwheel.connectors.opcua.security.application import (
    CERTIFICATE,
    FOLDER,
    KEY,
    load_application,
    self_signed,
)
from handwheel.connectors.opcua.security.certificates import Certificate, read_certificate, utc_now
from handwheel.hmi.site.commissioning import opcua_trust as trusting
from handwheel.hmi.site.commissioning.file_check import check_site, open_passwords

from ...sites.site_text import SITE, load

ENCRYPTED: Security = "Basic256Sha256/SignAndEncrypt"
USER = 'timeout: 2 s, write: {user: gate, secret: "env:GATE"}'


@pytest.fixture(scope="module")
def server() -> Certificate:
    """What a server shows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = self_signed(key, "plc").public_bytes(serialization.Encoding.DER)
    return read_certificate(made + b"\x30\x00")  # with something behind it, as with a chain


def _trust(
    monkeypatch: pytest.MonkeyPatch, site: Site, shown: Certificate | None, *, as_json: bool = False
) -> None:
    async def look(connector: OpcuaConnector) -> ServerOffer:
        offers: list[Security] = [ENCRYPTED, "None"] if shown else ["None"]
        return ServerOffer(f"urn:{connector.name}\x1b[2J", offers, offers[0], shown)

    monkeypatch.setattr(trusting, "discover_server", look)
    asyncio.run(trusting.trust_server(site, "dcs", as_json=as_json))


def test_it_makes_a_key_once_and_says_what_to_write_where(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Certificate,
) -> None:
    site = load(tmp_path / "site")
    before = (site.root / "site.yaml").read_bytes()
    _trust(monkeypatch, site, server)
    first = capsys.readouterr().out
    ours = load_application(site.root, "dcs").certificate
    for line in (
        f"our certificate, made just now: {site.root / FOLDER / CERTIFICATE}",
        f"  thumbprint        {ours.thumbprint}",
        f"  application URI   {ours.uris[0]}",
        "  identifies as     urn:dcs\\x1b[2J",
        f"  thumbprint        {server.thumbprint}",
        f"  valid             {server.span}",
        f"  security: {ENCRYPTED}",
        f'  certificate: "{server.thumbprint}"',
        f"  {site.root / FOLDER / CERTIFICATE}",
    ):
        assert line in first.splitlines(), line
    assert stat.S_IMODE((site.root / FOLDER / KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE((site.root / FOLDER).stat().st_mode) == 0o700
    assert (site.root / "site.yaml").read_bytes() == before
    assert ours.uris[0].endswith(":handwheel:works-7")
    assert ours.check(utc_now()) is None

    keys = f'timeout: 2 s, security: {ENCRYPTED}, certificate: "{server.thumbprint}"'
    pinned = load(site.root, SITE.replace("timeout: 2 s", keys, 1))
    _trust(monkeypatch, pinned, server)
    again = capsys.readouterr().out
    assert "site.yaml pins this certificate already." in again
    assert "made just now" not in again
    assert ours.thumbprint in again
    _trust(monkeypatch, pinned, server, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["ours"]["thumbprint"], said["pinned"]) == (ours.thumbprint, server.thumbprint)
    assert said["server"]["certificate"]["thumbprint"] == server.thumbprint


REFUSED = {
    "expired": "NO: the server's certificate expired on",
    "weak": "NO: the server's certificate has an RSA key of 1024 bits",
    "no security": "NO: the server offers no security",
    "another is pinned": "NO: site.yaml pins another certificate, sha256:0000",
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_server_that_cannot_be_trusted_so_is_a_no(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Certificate,
    why: str,
) -> None:
    keys = f'timeout: 2 s, security: {ENCRYPTED}, certificate: "sha256:{64 * "0"}"'
    text = SITE.replace("timeout: 2 s", keys, 1) if why.startswith("another") else SITE
    shown: dict[str, Certificate | None] = {
        "expired": replace(server, end=utc_now() - timedelta(days=1)),
        "weak": replace(server, bits=1024),
        "no security": None,
    }
    with pytest.raises(SystemExit, match="1"):
        _trust(monkeypatch, load(tmp_path / "site", text), shown.get(why, server))
    assert REFUSED[why] in capsys.readouterr().out


def test_modbus_and_unknown_connections_are_refused_before_a_key_is_made(tmp_path: Path) -> None:
    site = load(tmp_path / "site")
    for name, reason in (("pkg", "Modbus has no certificates"), ("plc", "no connection 'plc'")):
        with pytest.raises(ConfigError, match=reason):
            asyncio.run(trusting.trust_server(site, name, as_json=False))
    assert not (site.root / "secrets").exists()


def test_an_outdated_certificate_of_our_own_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Certificate
) -> None:
    site = load(tmp_path / "site")
    _trust(monkeypatch, site, server)
    later = utc_now() + timedelta(days=4000)
    monkeypatch.setattr("handwheel.connectors.opcua.security.application.utc_now", lambda: later)
    with pytest.raises(NotConnected, match=r"our own certificate .* expired on .* move .* away"):
        load_application(site.root, "dcs")


def test_check_asks_for_the_pin_and_warns_of_a_password_without_security(tmp_path: Path) -> None:
    secured = SITE.replace("timeout: 2 s", f"{USER}, security: {ENCRYPTED}", 1)
    load(tmp_path / "a", secured)
    with pytest.raises(ConfigError, match=r"site\.yaml:4:.*dcs\.security: security without cert"):
        check_site(tmp_path / "a")
    clear = SITE.replace("timeout: 2 s", USER, 1)
    far = clear.replace("127.0.0.1:4840", "192.0.2.1:4840")
    (warning,) = open_passwords(load(tmp_path / "b", far))
    assert warning.startswith("dcs: security is None: others on the network can read and alter")
    for number, text in enumerate((clear, SITE, far.replace(USER, f"{USER}, {_pin()}"))):
        assert list(open_passwords(load(tmp_path / f"c{number}", text))) == []


def _pin() -> str:
    return f'security: {ENCRYPTED}, certificate: "sha256:{64 * "1"}"'
