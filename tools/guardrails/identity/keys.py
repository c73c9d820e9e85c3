"""Signing keys in OpenSSH files that only their owner can read.

The file is encrypted with a passphrase; one guess costs half a second of work. `ssh-keygen` reads
and writes the same files.

Source: OpenSSH, PROTOCOL.key (private-key format), RFC 8709 (public keys).
"""

import base64
import binascii
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import HandwheelError, os_reason

from ...atomic_files import write_new

PrivateKey = Ed25519PrivateKey
PublicKey = Ed25519PublicKey

KDF_ROUNDS = 64
PASSPHRASE_LENGTH = 8

_KIND = b"ssh-ed25519"
_MAGIC = b"openssh-key-v1\0"
_ARMOUR = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----\s(.+?)-----END OPENSSH PRIVATE KEY-----", re.DOTALL
)
_MAX_BYTES = 16_384


class KeyFault(HandwheelError):
    """A key cannot be used or created. Its holder must act."""


class WrongPassphrase(KeyFault):
    """The passphrase does not open the key."""


def fingerprint(public: PublicKey) -> str:
    """Returns the key id as OpenSSH shows it."""
    return _key_id(base64.b64decode(public_line(public).partition(" ")[2]))


def public_line(public: PublicKey) -> str:
    """Returns the public key as one line, `ssh-ed25519 AAAA…`."""
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def parse_public_line(line: str) -> PublicKey:
    """Returns the key of a line `ssh-ed25519 AAAA…` in canonical form without comment.

    Any other text raises `KeyFault`.
    """
    fault = KeyFault("the public key is no line 'ssh-ed25519 AAAA…'")
    kind, _, body = line.partition(" ")
    try:
        fields = list(_strings(base64.b64decode(body, validate=True)))
        public = Ed25519PublicKey.from_public_bytes(fields[-1])
    except (ValueError, IndexError):
        raise fault from None
    if kind.encode() != _KIND or public_line(public) != line:
        raise fault
    return public


def parse_given_line(line: str) -> PublicKey:
    """Returns the key of a line as `ssh-keygen` writes it, with or without comment.

    Any other text, such as a private key, raises `KeyFault`.
    """
    if "PRIVATE KEY" in line:
        raise KeyFault("that is a private key; only the line 'ssh-ed25519 AAAA…' is passed on")
    return parse_public_line(" ".join(line.split(maxsplit=2)[:2]))


def key_path(site_id: str, person: str) -> Path:
    """Returns the path of a person's key, below `XDG_CONFIG_HOME` or `~/.config`."""
    named = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    config = named if named.is_absolute() else Path.home() / ".config"
    return config / "handwheel" / "keys" / site_id / f"{person}.key"


def create_key(path: Path, passphrase: str) -> PrivateKey:
    """Creates a key file and never overwrites another.

    Raises:
        KeyFault: The passphrase is shorter than 8 characters, the file exists, or it cannot be
            written.
    """
    if len(passphrase) < PASSPHRASE_LENGTH:
        raise KeyFault(f"a passphrase has at least {PASSPHRASE_LENGTH} characters")
    private = Ed25519PrivateKey.generate()
    lock = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(KDF_ROUNDS)
    data = private.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, lock.build(passphrase.encode())
    )
    try:
        _make_folder(path.parent)
        write_new(path, data)
    except FileExistsError:
        raise KeyFault(f"{path}: there is a key already, and it is never overwritten") from None
    except OSError as error:
        raise KeyFault(f"{path}: cannot be written: {os_reason(error)}") from None
    return private


def _make_folder(folder: Path) -> None:
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise KeyFault(f"{folder} is open to others: chmod 700 it")


def load_key(path: Path, passphrase: str) -> PrivateKey:
    """Returns a person's key.

    Raises:
        KeyFault: The file is missing, open to others, of another user, no Ed25519 key,
            not encrypted or too weakly.
        WrongPassphrase: It does not open the key.
    """
    data = _read_own(path)
    if fault := _fault_of(data):
        raise KeyFault(f"{path}: {fault}")
    with suppress(ValueError, TypeError, InvalidTag, UnsupportedAlgorithm):
        private = load_ssh_private_key(data, passphrase.encode())
        if isinstance(private, Ed25519PrivateKey):
            return private
    raise WrongPassphrase(f"{path}: the passphrase is wrong, or the file is damaged")


def key_id_of_file(path: Path) -> str:
    """Returns the key id in the open part of a key file, or an empty text.

    It is not protected; use it only to choose the file to try.
    """
    try:
        match = _ARMOUR.search(_read_own(path))
        if match is None:
            return ""
        return _key_id(_head(binascii.a2b_base64(match[1]))[3])
    except (KeyFault, ValueError, StopIteration):
        return ""


def _read_own(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK a named pipe would block.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _check_owned(path, os.fstat(descriptor))
            return os.read(descriptor, _MAX_BYTES)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise KeyFault(f"{path}: there is no such key") from None
    except OSError as error:
        raise KeyFault(f"{path}: cannot be read: {os_reason(error)}") from None


def _check_owned(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFault(f"{path}: is no file")
    if status.st_uid != os.geteuid():
        raise KeyFault(f"{path}: belongs to another user")
    if status.st_mode & 0o077:
        raise KeyFault(f"{path}: is open to others: chmod 600 it")


def _fault_of(data: bytes) -> Denial | None:
    """Returns the fault of a key file that is visible without the passphrase."""
    no_key = Denial("format", "is no OpenSSH private key")
    match = _ARMOUR.search(data)
    if match is None:
        return no_key
    try:
        packed = binascii.a2b_base64(match[1])
        cipher, kdf, options, public = _head(packed)
        kind = next(_strings(public))
        if kind != _KIND:
            return Denial("kind", f"is no Ed25519 key but {kind.decode('ascii', 'replace')}")
        if cipher == b"none" or kdf == b"none":
            reason = "is not encrypted: give it a passphrase with ssh-keygen -p -a 64"
            return Denial("encryption", reason)
        rounds = int.from_bytes(options[-4:]) if kdf == b"bcrypt" else 0
    except (ValueError, StopIteration):
        return no_key
    if rounds < KDF_ROUNDS:
        return Denial(
            "encryption",
            f"is encrypted with {rounds} rounds of bcrypt, at least {KDF_ROUNDS} are needed: "
            f"ssh-keygen -p -a {KDF_ROUNDS}",
        )
    return None


def _head(packed: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Returns cipher, key derivation, its options and the public key of a private-key file."""
    if not packed.startswith(_MAGIC):
        raise ValueError("not an OpenSSH private key")
    rest = packed.removeprefix(_MAGIC)
    fields = _strings(rest)
    cipher, kdf, options = next(fields), next(fields), next(fields)
    behind = rest[12 + len(cipher) + len(kdf) + len(options) :]
    if behind[:4] != b"\0\0\0\1":
        raise ValueError("not exactly one key")
    return cipher, kdf, options, next(_strings(behind[4:]))


def _strings(packed: bytes) -> Iterator[bytes]:
    """Yields the strings of SSH's wire format, each after four bytes of length."""
    while packed:
        end = 4 + int.from_bytes(packed[:4])
        if len(packed) < end:
            raise ValueError("cut short")
        yield packed[4:end]
        packed = packed[end:]


def _key_id(blob: bytes) -> str:
    return f"SHA256:{base64.b64encode(sha256(blob).digest()).decode().rstrip('=')}"
