"""Handwheel's own certificate and key for OPC UA servers."""

import os
import re
import shutil
import socket
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from handwheel.connectors.hints import shell_command

from ...config.secrets import read_private
from ...errors import ConfigError, NotConnected, os_reason
from .certificates import Certificate, read_certificate, utc_now

FOLDER = "secrets/opcua"
"""Folder of both, relative to the site's folder."""
CERTIFICATE = "certificate.der"
KEY = "private-key.pem"

_KEY_BITS = 2048
_VALID_DAYS = 3650
_PRIVATE, _PUBLIC, _PRIVATE_FOLDER = 0o600, 0o644, 0o700


@dataclass(frozen=True, slots=True)
class Application:
    """An application instance with its key."""

    certificate: Certificate  # shown to servers, which must trust it
    key: rsa.RSAPrivateKey

    @property
    def uri(self) -> str:
        """The application URI of the certificate. It is empty if there is none."""
        return next(iter(self.certificate.uris), "")


def load_application(root: Path, endpoint: str) -> Application:
    """Reads a site's certificate and key. Checking the key takes about 30 ms.

    Raises:
        NotConnected: One is missing, broken or out of date, the two do not match, or the key is
            open to others. The message names the endpoint and tells what to do.
    """
    folder, trust = root / FOLDER, shell_command("connections", "trust", endpoint)
    if not folder.is_dir():
        reason = f"there is no {folder}; '{trust}' makes it"
        raise NotConnected({endpoint: reason})
    try:
        certificate = read_certificate((folder / CERTIFICATE).read_bytes())
    except OSError as error:
        raise NotConnected({endpoint: f"{folder / CERTIFICATE}: {os_reason(error)}"}) from None
    except ValueError:
        raise NotConnected({endpoint: f"{folder / CERTIFICATE} is no certificate"}) from None
    if denial := certificate.check(utc_now()):
        reason = (
            f"our own certificate {folder / CERTIFICATE} {denial}; move {folder} away, and "
            f"'{trust}' makes another, which the server must trust"
        )
        raise NotConnected({endpoint: reason})
    return Application(certificate, _key(folder / KEY, certificate, endpoint))


def _key(path: Path, certificate: Certificate, endpoint: str) -> rsa.RSAPrivateKey:
    content = read_private(path, endpoint)
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError):
        raise NotConnected({endpoint: f"{path} is no private key without a passphrase"}) from None
    public = x509.load_der_x509_certificate(certificate.der).public_key()
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != public:
        raise NotConnected({endpoint: f"{path} is not the key of {CERTIFICATE}"})
    return key


def make_application(root: Path, site_id: str) -> bool:
    """Makes missing key and certificate, and returns whether it did. Raises `ConfigError`."""
    folder = root / FOLDER
    try:
        if folder.exists():
            return False
        folder.parent.mkdir(_PRIVATE_FOLDER, exist_ok=True)
        # Made under another name and renamed, so that a crash leaves no part of it. Mode 0700.
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _fill(made, site_id)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made)
            raise
    except OSError as error:
        raise ConfigError.of(os_reason(error), folder) from None
    return True


def _fill(folder: Path, site_id: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = self_signed(key, site_id)
    _write(folder / KEY, pem, _PRIVATE)
    _write(folder / CERTIFICATE, certificate.public_bytes(serialization.Encoding.DER), _PUBLIC)


def _write(path: Path, content: bytes, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)


def self_signed(key: rsa.RSAPrivateKey, site_id: str) -> x509.Certificate:
    """Returns a client's certificate in the form of OPC UA Part 6, 6.2.2."""
    host = re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname()) or "localhost"
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Handwheel {site_id}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Handwheel"),
        ]
    )
    names = [x509.UniformResourceIdentifier(f"urn:{host}:handwheel:{site_id}"), x509.DNSName(host)]
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
    now, public = utc_now(), key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a server's clock may be behind
        .not_valid_after(now + timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
