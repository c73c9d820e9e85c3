"""Files of a site: its group may share them, the umask has no say, and nobody waits for one."""

import os
from collections.abc import Generator
from pathlib import Path
from stat import S_IMODE

import pytest

from handwheel.connectors.config.regular_files import read_regular
from handwheel.connectors.config.shared_folder import make_file, make_folder
from handwheel.connectors.historian.database import open_for_writing
from handwheel.hmi.people.lockout import run_lockout
from handwheel.tools.guardrails.interlocks.lockout_files import make_lockout_folder
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import WorkOrders


@pytest.fixture(params=[0o077, 0o022], ids=oct, autouse=True)
def umask(request: pytest.FixtureRequest) -> Generator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _modes(folder: Path) -> dict[str, str]:
    return {each.name: oct(S_IMODE(each.lstat().st_mode)) for each in folder.iterdir()}


def _filled(folder: Path) -> dict[str, str]:
    """The modes of what the processes of a site leave in its state folder."""
    make_lockout_folder(folder)
    with Database(folder, "cw"), WorkOrders(folder):
        open_for_writing(folder / "history.db").close()
        return _modes(folder) | _modes(folder / "ledger")


def test_its_group_may_use_what_is_made_in_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    found = _filled(tmp_path)
    assert (found.pop("lockout"), found.pop("ledger")) == ("0o3770", "0o2700")
    of_gate = {name: found.pop(name) for name in ("ledger.db", "ledger.db-wal", "anchors")}
    assert of_gate == dict.fromkeys(of_gate, "0o600")
    assert "workorders.db" in found
    assert found == dict.fromkeys(found, "0o660")
    assert not [name for name in found if name.startswith(".")]


def test_whoever_locks_out_first_lets_the_others_lock_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.yaml").write_text("id: cw\n")
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o2770)
    assert run_lockout([f"--site={tmp_path}"]) == 0
    assert capsys.readouterr().out.startswith("locked out: site\n")
    assert _modes(tmp_path / "var") == {"lockout": "0o3770"}


@pytest.mark.parametrize("mode", [0o700, 0o770, 0o2750])
def test_in_any_other_folder_nothing_is_different(tmp_path: Path, mode: int, umask: int) -> None:
    tmp_path.chmod(mode)
    found = _filled(tmp_path)
    assert found["history.db"] == oct(0o644 & ~umask)
    assert {found["ledger.db"], found["anchors"]} == {"0o600"}
    assert found["ledger"] == oct(0o700 | (mode & 0o2000))


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    for name in ("file", "link"):
        (tmp_path / name).symlink_to("nowhere") if name == "link" else (tmp_path / name).touch(
            0o600
        )
        make_file(tmp_path / name)
    assert _modes(tmp_path)["file"] == "0o600"
    assert not (tmp_path / "link").exists()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file", 0o700)


def test_a_file_and_a_link_to_one_are_read_whole(tmp_path: Path) -> None:
    file, link = tmp_path / "policy.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"a: 1\n")
    link.symlink_to(file)
    assert read_regular(file) == read_regular(link, 5) == b"a: 1\n"


def test_what_is_no_file_or_too_long_is_refused_at_once(tmp_path: Path) -> None:
    pipe, long = tmp_path / "pipe", tmp_path / "long"
    os.mkfifo(pipe)
    long.write_bytes(b"123456")
    cases = {
        pipe: "is no regular file",
        Path("/dev/zero"): "is no regular file",
        tmp_path: "Is a directory",
        long: "larger than 5 bytes",
        tmp_path / "missing": "No such file",
    }
    for path, reason in cases.items():
        with pytest.raises(OSError, match=reason):
            read_regular(path, 5)
