"""The OPC UA server's identity: made once, never overwritten, and what it keeps out."""

import shutil
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.errors import ServeError
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.opcua.access.certificates import open_identity
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

URI = namespace_uri("cw-100")
CLIENT_URI = "urn:handwheel:test:client"
FILES = {"certificate.der": 0o644, "private-key.pem": 0o600, "gate.secret": 0o600,
         "operator.secret": 0o600}  # fmt: skip
SIGN, ENCRYPT = ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An identity as the first start makes it; its clients are in the folders beside it."""
    folder = tmp_path_factory.mktemp("identity") / "server"
    open_identity(folder, URI)
    for name in ("known", "stranger"):
        open_identity(folder.parent / name, CLIENT_URI)
    shutil.copy(folder.parent / "known/certificate.der", folder / "trusted/known.der")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*.*")}


def test_the_first_start_makes_it_and_the_next_uses_it(folder: Path) -> None:
    for name, mode in FILES.items():
        assert stat.S_IMODE((folder / name).stat().st_mode) == mode, name
    before = contents(folder)
    identity = open_identity(folder, URI)
    assert contents(folder) == before
    assert len(set(identity.passwords.values())) == len(identity.passwords) == 2
    assert all(len(password) >= 20 for password in identity.passwords.values())
    assert identity.key.key_size == 2048
    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [URI]
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


BROKEN = [
    ("certificate.der", None, "no such file"),
    ("certificate.der", b"no certificate", "not an application certificate"),
    ("private-key.pem", None, "no such file"),
    ("private-key.pem", b"-----BEGIN PRIVATE KEY-----\n", "not a private key"),
    ("private-key.pem", "../known/private-key.pem", "not the key of certificate.der"),
    ("operator.secret", None, "no such file"),
    ("gate.secret", b" \n", "empty"),
    ("gate.secret", b"\xff\xfe", "not UTF-8"),
    ("trusted/known.der", b"no certificate", "not a certificate"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BROKEN)
def test_what_is_broken_is_told_and_left_alone(
    folder: Path, tmp_path: Path, name: str, content: bytes | str | None, reason: str
) -> None:
    copy = tmp_path / "identity"
    shutil.copytree(folder, copy)
    if content is None:
        (copy / name).unlink()
    else:
        raw = (folder / content).read_bytes() if isinstance(content, str) else content
        (copy / name).write_bytes(raw)
    before = contents(copy)
    with pytest.raises(ServeError, match=reason):
        open_identity(copy, URI)
    assert contents(copy) == before


def test_an_identity_of_another_plant_is_refused(folder: Path) -> None:
    with pytest.raises(ServeError, match=f"made for {URI}, not for urn:handwheel:sim:tep"):
        open_identity(folder, namespace_uri("tep"))


@pytest.mark.parametrize(("from_day", "to_day", "is_trusted"), [(-9, 9, True), (-9, -1, False),
                         (1, 9, False)])  # fmt: skip
def test_a_trusted_certificate_must_be_in_date(
    folder: Path, from_day: int, to_day: int, is_trusted: bool
) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "client")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now + timedelta(days=from_day))
        .not_valid_after(now + timedelta(days=to_day))
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.DER)
    identity, file = open_identity(folder, URI), folder / "trusted/dated.der"
    assert not identity.trusts(certificate)
    file.write_bytes(certificate)
    try:
        assert identity.trusts(certificate) is is_trusted
        assert not identity.trusts(None)
    finally:
        file.unlink()


@pytest.fixture(scope="module")
async def server(folder: Path) -> AsyncGenerator[PlantServer]:
    options = Options(0, 0, 0, 0.0, None, folder.parent / "frames.jsonl", folder)
    async with PlantServer(Simulation(create(None), Scenario()), options) as running:
        yield running


def secret(folder: Path, account: str) -> str:
    return (folder / f"{account}.secret").read_text().strip()


async def client_of(
    server: PlantServer,
    folder: Path | None = None,
    mode: ua.MessageSecurityMode = ENCRYPT,
    user: tuple[str, str] | None = None,
) -> Client:
    """A client with the certificate in this folder, or without any."""
    client = Client(f"opc.tcp://127.0.0.1:{server.opcua.port}/", 4.0, watchdog_intervall=3600.0)
    client.application_uri = CLIENT_URI
    if folder is not None:
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            str(folder / "certificate.der"),
            str(folder / "private-key.pem"),
            mode=mode,
        )
    if user is not None:
        client.set_user(user[0])
        client.set_password(user[1])
    return client


@pytest.mark.parametrize("mode", [SIGN, ENCRYPT])
async def test_a_trusted_client_is_let_in_by_password(
    server: PlantServer, folder: Path, mode: ua.MessageSecurityMode
) -> None:
    known = folder.parent / "known"
    gate = await client_of(server, known, mode, ("gate", secret(folder, "gate")))
    async with gate:
        node = gate.get_node("ns=1;s=PIC-102.sp")
        await node.write_value(351.0, ua.VariantType.Double)
        assert server.simulation.values()["PIC-102.sp"] == await node.read_value() == 351.0
    for user in (("gate", secret(folder, "operator")), ("admin", "admin"), ("gate", "")):
        with pytest.raises(UaStatusCodeError):
            async with await client_of(server, known, mode, user):
                pass
    async with await client_of(server, known, mode) as viewer:
        with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
            await viewer.get_node("ns=1;s=PIC-102.sp").write_value(352.0, ua.VariantType.Double)


async def test_a_stranger_gets_no_channel_until_he_is_trusted(
    server: PlantServer, folder: Path
) -> None:
    stranger, trusted = folder.parent / "stranger", folder / "trusted/stranger.pem"
    client = await client_of(server, stranger)
    with pytest.raises(UaStatusCodeError, match="BadSecurityChecksFailed"):
        await client.connect()
    certificate = x509.load_der_x509_certificate((stranger / "certificate.der").read_bytes())
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    try:
        async with await client_of(server, stranger) as client:
            assert await client.get_node("ns=1;s=PIC-102.sp").read_value() > 0.0
    finally:
        trusted.unlink()


@asynccontextmanager
async def open_channel(server: PlantServer) -> AsyncGenerator[Client]:
    client = await client_of(server)
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        yield client
    finally:
        client.disconnect_socket()


async def test_a_recorded_password_opens_no_other_session(
    server: PlantServer, folder: Path
) -> None:
    certificate = open_identity(folder, URI).certificate
    public: Any = certificate.public_key()
    scheme = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)

    def token(nonce: bytes) -> ua.ActivateSessionParameters:
        plain = secret(folder, "gate").encode() + nonce
        identity = ua.UserNameIdentityToken(
            PolicyId="username",
            UserName="gate",
            Password=public.encrypt(len(plain).to_bytes(4, "little") + plain, scheme),
            EncryptionAlgorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep",
        )
        return ua.ActivateSessionParameters(UserIdentityToken=identity)

    async with open_channel(server) as first:
        session: Any = await first.create_session()
        recorded = token(session.ServerNonce)
        await first.uaclient.activate_session(recorded)
    async with open_channel(server) as second:
        await second.create_session()
        with pytest.raises(UaStatusCodeError, match="BadIdentityTokenInvalid"):
            await second.uaclient.activate_session(recorded)
        with pytest.raises(UaStatusCodeError, match="BadIdentityTokenInvalid"):
            await second.uaclient.activate_session(token(b""))


async def test_a_password_in_clear_is_refused(server: PlantServer, folder: Path) -> None:
    right = secret(folder, "gate")
    async with await client_of(server, user=("gate", right)):
        pass  # asyncua's client encrypts it on an open channel
    token = ua.UserNameIdentityToken(PolicyId="username", UserName="gate", Password=right.encode())
    async with open_channel(server) as client:
        await client.create_session()
        with pytest.raises(UaStatusCodeError, match="BadIdentityTokenRejected"):
            await client.uaclient.activate_session(
                ua.ActivateSessionParameters(UserIdentityToken=token)
            )


async def test_nothing_is_served_before_a_channel_is_open(server: PlantServer) -> None:
    client = await client_of(server)
    await client.connect_socket()
    try:
        await client.send_hello()
        with pytest.raises(UaStatusCodeError, match="BadTcpSecureChannelUnknown"):
            await client.create_session()
    finally:
        client.disconnect_socket()
