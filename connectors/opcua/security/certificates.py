"""Certificates of OPC UA applications and the checks of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1, sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ...denial import Denial

_LEAST_BITS = 2048  # the minimum of every supported security policy


@dataclass(frozen=True, slots=True)
class Certificate:
    """Content of an application instance certificate."""

    der: bytes  # the certificate without its chain
    thumbprint: str  # `sha256:…`, as `site.yaml` names it
    sha1: str  # the thumbprint that most other tools show
    subject: str  # as in RFC 4514, unescaped
    uris: tuple[str, ...]  # its application URIs, unescaped
    start: datetime
    end: datetime
    bits: int  # length of its RSA key; 0 for another kind of key

    @property
    def span(self) -> str:
        """Its validity, in UTC."""
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"

    def check(self, now: datetime) -> Denial | None:
        """Denies a certificate that is out of date or has a short key."""
        if now > self.end:
            return Denial("expired", f"expired on {self.end:%Y-%m-%d %H:%M} UTC")
        if now < self.start:
            return Denial("not-yet-valid", f"is valid only from {self.start:%Y-%m-%d %H:%M} UTC")
        if self.bits < _LEAST_BITS:
            kind = f"an RSA key of {self.bits} bits" if self.bits else "no RSA key"
            return Denial("short-key", f"has {kind}; at least {_LEAST_BITS} bits are needed")
        return None


def leaf(chain: bytes) -> bytes:
    """Returns the first certificate of a chain of DER sequences."""
    return chain[: int.from_bytes(chain[2:4], "big") + 4]


def thumbprint(der: bytes) -> str:
    """Returns the thumbprint of one certificate in the form of `site.yaml`."""
    return f"sha256:{sha256(der).hexdigest()}"


def read_certificate(content: bytes) -> Certificate:
    """Reads a certificate, PEM or DER, also with a chain after it. Raises `ValueError`."""
    if content.lstrip().startswith(b"-----BEGIN"):
        found = x509.load_pem_x509_certificate(content)
    else:
        found = x509.load_der_x509_certificate(leaf(content))
    der, key = found.public_bytes(serialization.Encoding.DER), found.public_key()
    return Certificate(
        der=der,
        thumbprint=thumbprint(der),
        sha1=sha1(der, usedforsecurity=False).hexdigest(),
        subject=found.subject.rfc4514_string(),
        uris=_uris(found),
        start=found.not_valid_before_utc,
        end=found.not_valid_after_utc,
        bits=key.key_size if isinstance(key, rsa.RSAPublicKey) else 0,
    )


def utc_now() -> datetime:
    """Returns the time against which certificates are checked."""
    return datetime.now(UTC)


def _uris(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.value.get_values_for_type(x509.UniformResourceIdentifier))
