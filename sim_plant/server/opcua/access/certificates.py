"""The server's own certificate, its accounts' passwords, and the clients that it trusts."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ....errors import ServeError
from .accounts import GATE, OPERATOR

CERTIFICATE = "certificate.der"
KEY = "private-key.pem"
TRUSTED = "trusted"

_SECRETS = {name: f"{name}.secret" for name in (GATE, OPERATOR)}
_KEY_BITS = 2048
_VALID_DAYS = 3650
_PRIVATE, _PUBLIC, _PRIVATE_FOLDER = 0o600, 0o644, 0o700


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Certificate, key, passwords and trusted clients of a server."""

    certificate: x509.Certificate  # its application instance certificate, signed by itself
    key: rsa.RSAPrivateKey  # the key to it, RSA
    passwords: Mapping[str, str]  # by account
    trusted: Path  # folder of the certificates of trusted clients, as DER or PEM files

    def trusts(self, certificate: bytes | None) -> bool:
        """Returns whether a client's certificate, DER, is trusted and in date.

        The folder is read each time, so that a certificate can be added while the server runs.
        """
        if certificate is None or certificate not in set(_certificates(self.trusted)):
            return False
        shown = x509.load_der_x509_certificate(certificate)
        return shown.not_valid_before_utc <= datetime.now(UTC) <= shown.not_valid_after_utc


def open_identity(folder: Path, application_uri: str) -> ServerIdentity:
    """Reads an identity, and makes a new one first in a missing or empty folder.

    Raises:
        ServeError: A file is missing, broken, or belongs to another server, or there is no
            parent folder; nothing is changed.
    """
    wanted = (CERTIFICATE, KEY, *_SECRETS.values())
    try:
        if not any((folder / name).exists() for name in wanted):
            _create(folder, application_uri)
        return _read(folder, application_uri)
    except OSError as error:
        where = error.filename or folder
        raise ServeError(f"{where}: {str(error.strerror).lower()}") from None


def _create(folder: Path, application_uri: str) -> None:
    if not folder.parent.is_dir():
        raise ServeError(f"{folder}: there is no folder {folder.parent}")
    if folder.is_dir() and any(folder.iterdir()):
        raise ServeError(f"{folder}: there is something in it, but no identity")
    # Made under another name and renamed, so that a crash leaves no part of it. Its mode is 0700.
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _fill(made, application_uri)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made)
        raise


def _fill(folder: Path, application_uri: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = _self_signed(key, application_uri)
    (folder / TRUSTED).mkdir(_PRIVATE_FOLDER)
    for name in _SECRETS.values():
        _write(folder / name, f"{secrets.token_urlsafe(18)}\n".encode(), _PRIVATE)
    _write(folder / KEY, pem, _PRIVATE)
    _write(folder / CERTIFICATE, certificate.public_bytes(serialization.Encoding.DER), _PUBLIC)


def _write(path: Path, content: bytes, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)


def _self_signed(key: rsa.RSAPrivateKey, application_uri: str) -> x509.Certificate:
    """Returns an application instance certificate after OPC UA Part 6, 6.2.2."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, application_uri)])
    now = datetime.now(UTC)
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,  # by itself
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    names = [
        x509.UniformResourceIdentifier(application_uri),
        x509.DNSName("localhost"),
        x509.IPAddress(IPv4Address("127.0.0.1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a client's clock may be behind
        .not_valid_after(now + timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _read(folder: Path, application_uri: str) -> ServerIdentity:
    certificate = _read_certificate(folder / CERTIFICATE, application_uri)
    key = _read_key(folder / KEY)
    if key.public_key() != certificate.public_key():
        raise ServeError(f"{folder / KEY}: not the key of {CERTIFICATE}")
    passwords = {name: _read_secret(folder / file) for name, file in _SECRETS.items()}
    trusted = folder / TRUSTED
    for path in trusted.iterdir():
        if _der(path.read_bytes()) is None:
            raise ServeError(f"{path}: not a certificate")
    return ServerIdentity(certificate, key, passwords, trusted)


def _read_certificate(path: Path, application_uri: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound):
        raise ServeError(f"{path}: not an application certificate") from None
    uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    if application_uri not in uris:
        raise ServeError(f"{path}: made for {', '.join(uris)}, not for {application_uri}")
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise ServeError(f"{path}: expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    return certificate


def _check_private(path: Path) -> None:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ServeError(f"{path}: open to others than its owner: chmod 600 {path}")


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    _check_private(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        raise ServeError(f"{path}: not a private key without a passphrase") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ServeError(f"{path}: not an RSA key")
    return key


def _read_secret(path: Path) -> str:
    _check_private(path)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise ServeError(f"{path}: not UTF-8 at byte {error.start}") from None
    if not secret:
        raise ServeError(f"{path}: empty")
    return secret


def _certificates(folder: Path) -> list[bytes]:
    found: list[bytes] = []
    with suppress(OSError):  # the folder is gone, so no client is trusted
        for path in folder.iterdir():
            with suppress(OSError):  # a folder, or a file that was just removed
                der = _der(path.read_bytes())
                if der is not None:
                    found.append(der)
    return found


def _der(content: bytes) -> bytes | None:
    is_pem = content.lstrip().startswith(b"-----BEGIN")
    load = x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate
    try:
        return load(content).public_bytes(serialization.Encoding.DER)
    except ValueError:
        return None
