"""The folder of an identity: private, made whole or not at all, and one bad file harms nobody."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from handwheel.sim_plant.errors import ServeError
from handwheel.sim_plant.server.opcua.access import certificates as identity_module
from handwheel.sim_plant.server.opcua.access.certificates import open_identity

URI = "urn:handwheel:test:server"


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    folder, before = tmp_path / "own", os.umask(0)
    try:
        identity = open_identity(folder, URI)
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    for private in (folder, identity.trusted):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for name, mode in (("private-key.pem", 0o640), ("gate.secret", 0o604)):
        (folder / name).chmod(mode)
        with pytest.raises(ServeError, match=f"chmod 600 {folder / name}"):
            open_identity(folder, URI)
        (folder / name).chmod(0o400)
    open_identity(folder, URI)


def test_what_cannot_be_made_whole_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    with pytest.raises(ServeError, match="something in it, but no identity"):
        open_identity(full, URI)

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(identity_module, "_self_signed", fail)
    with pytest.raises(ServeError, match="no space left"):
        open_identity(tmp_path / "new", URI)
    assert sorted(tmp_path.rglob("*")) == [full, full / "letter.txt"]


def test_one_bad_file_among_the_trusted_locks_nobody_out(tmp_path: Path) -> None:
    identity = open_identity(tmp_path / "own", URI)
    known = (tmp_path / "own/certificate.der").read_bytes()
    (identity.trusted / "known.der").write_bytes(known)
    for name in ("0", "z"):  # whatever comes first
        (identity.trusted / name).mkdir()
    (identity.trusted / "gone").symlink_to("nowhere")
    (identity.trusted / "letter").write_bytes(b"no certificate")
    assert identity.trusts(known)
