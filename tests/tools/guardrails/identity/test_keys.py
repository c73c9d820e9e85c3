"""Keys on disk: what OpenSSH makes of them, and every file that is refused."""

import os
import shutil
import subprocess
from binascii import a2b_base64, b2a_base64
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from handwheel.tools.guardrails.identity import keys

PASSPHRASE = "correct horse"
PRIVATE = Ed25519PrivateKey.generate()
LINE = keys.public_line(PRIVATE.public_key())

needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "anna.key"
    keys.create_key(path, PASSPHRASE)
    return path


def _ssh_keygen(*arguments: str) -> str:
    return subprocess.run(
        ["ssh-keygen", *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "keys" / "anna.key"
    path.parent.mkdir(mode=0o700)
    before = os.umask(umask)
    try:
        keys.create_key(path, PASSPHRASE)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    with pytest.raises(keys.KeyFault, match="never overwritten"):
        keys.create_key(path, PASSPHRASE)
    assert (path.read_bytes(), [*path.parent.iterdir()]) == (content, [path])
    assert isinstance(keys.load_key(path, PASSPHRASE), Ed25519PrivateKey)
    for passphrase in ["wrong horse", "", "correct horse ", "\udcff"]:
        with pytest.raises(keys.KeyFault) as refusal:
            keys.load_key(path, passphrase)
        assert str(refusal.value) == f"{path}: the passphrase is wrong, or the file is damaged"


def test_where_no_key_can_be_made_or_read_is_one_clear_error(tmp_path: Path, made: Path) -> None:
    assert made.parent.stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir(mode=0o750)
    (tmp_path / "file").touch()
    for path, passphrase, reason in [
        (tmp_path / "open" / "anna.key", PASSPHRASE, "chmod 700"),
        (tmp_path / "new" / "anna.key", "1234567", "at least 8 characters"),
        (tmp_path / "file" / "a" / "b.key", PASSPHRASE, r"b\.key: cannot be written: not a direct"),
    ]:
        with pytest.raises(keys.KeyFault, match=reason):
            keys.create_key(path, passphrase)
    assert not (tmp_path / "new").exists()
    assert not [*(tmp_path / "open").iterdir()]
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "ring.key").symlink_to("ring.key")
    for name, reason in [
        ("anna.key", "there is no such key"),
        ("", "is no file"),
        ("pipe", "is no file"),
        ("ring.key", r"ring\.key: cannot be read: too many levels of symbolic"),
    ]:
        with pytest.raises(keys.KeyFault, match=reason):
            keys.load_key(tmp_path / name, PASSPHRASE)


@needs_ssh_keygen
@pytest.mark.usefixtures("real_key_derivation")
def test_openssh_reads_our_key(made: Path) -> None:
    public = keys.load_key(made, PASSPHRASE).public_key()
    assert _ssh_keygen("-lf", str(made)).split()[1] == keys.fingerprint(public)
    assert _ssh_keygen("-y", "-P", PASSPHRASE, "-f", str(made)).strip() == keys.public_line(public)


@needs_ssh_keygen
@pytest.mark.parametrize("cipher", ["aes256-ctr", "aes256-gcm@openssh.com"])
def test_a_key_of_openssh_is_loaded(tmp_path: Path, cipher: str) -> None:
    path = tmp_path / "key"
    options = ("-q", "-t", "ed25519", "-a", "1", "-C", "anna", "-Z", cipher)
    _ssh_keygen(*options, "-N", PASSPHRASE, "-f", str(path))
    line = keys.public_line(keys.load_key(path, PASSPHRASE).public_key())
    assert (tmp_path / "key.pub").read_text() == f"{line} anna\n"
    with pytest.raises(keys.KeyFault, match="the passphrase is wrong"):
        keys.load_key(path, "wrong horse")


def _packed(lock: KeySerializationEncryption) -> bytes:
    return PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)


def _plain() -> bytes:
    return _packed(NoEncryption())


def _weak() -> bytes:
    lock = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(63)
    return _packed(lock.build(PASSPHRASE.encode()))


def _another_curve() -> bytes:
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)


def _pkcs8() -> bytes:
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    return PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


MAGIC = b"openssh-key-v1\0"
ONE_KEY = b"\0\0\0\1\0\0\0\x33"  # a number of keys, and the length of the first
TWO_KEYS = b"\0\0\0\2\0\0\0\x33"


@cache
def _body() -> bytes:
    """What stands in the armour of a key file of ours."""
    lock = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1)
    return a2b_base64(b"".join(_packed(lock.build(b"x" * 8)).splitlines()[1:-1]))


def _armoured(body: bytes) -> bytes:
    name = b"OPENSSH PRIVATE KEY-----\n"
    return b"-----BEGIN " + name + b2a_base64(body) + b"-----END " + name


def test_a_file_shows_whose_key_it_is_without_its_passphrase(made: Path, tmp_path: Path) -> None:
    public = keys.load_key(made, PASSPHRASE).public_key()
    assert keys.key_id_of_file(made) == keys.fingerprint(public)
    made.write_bytes(_armoured(_body()))
    assert keys.key_id_of_file(made) == keys.fingerprint(PRIVATE.public_key())
    others = _body().removeprefix(MAGIC), _body().replace(ONE_KEY, TWO_KEYS, 1)
    for content in (b"", _pkcs8(), *map(_armoured, others)):
        made.write_bytes(content)
        assert keys.key_id_of_file(made) == ""
    assert keys.key_id_of_file(tmp_path / "nobodys.key") == ""


def test_another_kind_of_key_is_not_believed(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another_kind(*_: object) -> object:
        return generate_private_key(SECP256R1())

    monkeypatch.setattr(keys, "load_ssh_private_key", another_kind)
    with pytest.raises(keys.KeyFault, match="the passphrase is wrong, or the file is damaged"):
        keys.load_key(made, PASSPHRASE)


@pytest.mark.usefixtures("real_key_derivation")
def test_another_content_is_refused(made: Path) -> None:
    for content, reason in [
        (_weak, "63 rounds of bcrypt, at least 64 are needed"),
        (_plain, "is not encrypted"),
        (_another_curve, "no Ed25519 key but ecdsa-sha2-nistp256"),
        (_pkcs8, "is no OpenSSH private key"),
        (lambda: _plain()[:120], "is no OpenSSH private key"),
        (lambda: _plain()[:100] + _plain()[-36:], "is no OpenSSH private key"),
        (lambda: _armoured(_body().removeprefix(MAGIC)), "is no OpenSSH private key"),
        (lambda: _armoured(_body().replace(ONE_KEY, TWO_KEYS, 1)), "is no OpenSSH private key"),
    ]:  # fmt: skip
        made.write_bytes(content())
        with pytest.raises(keys.KeyFault, match=reason):
            keys.load_key(made, PASSPHRASE)


def test_a_key_of_or_open_to_others_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = made.stat().st_uid + 1
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: uid)
        with pytest.raises(keys.KeyFault, match="belongs to another user"):
            keys.load_key(made, PASSPHRASE)
    for mode in [0o640, 0o604, 0o610]:
        made.chmod(mode)
        with pytest.raises(keys.KeyFault, match="chmod 600"):
            keys.load_key(made, PASSPHRASE)


def test_keys_lie_below_the_configuration_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    for value, place in (("/c", "/c"), ("", "/h/.config"), ("c", "/h/.config")):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert str(keys.key_path("cw", "anna")) == f"{place}/handwheel/keys/cw/anna.key"


def test_a_public_line_has_one_spelling() -> None:
    assert keys.fingerprint(keys.parse_public_line(LINE)) == keys.fingerprint(PRIVATE.public_key())
    kind, body = LINE.split()
    for line in (
        f"{LINE} anna", f"{LINE}\n", f" {LINE}", f"{kind}  {body}", f"ssh-rsa {body}", kind, body,
        f"{kind} {body[:-1]}", f"{kind} {body}=", f"{kind} é{body[1:]}", f"{kind} ", "",
    ):  # fmt: skip
        with pytest.raises(keys.KeyFault, match="is no line"):
            keys.parse_public_line(line)
