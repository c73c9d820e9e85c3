"""Somebody who may write into the state folder makes the gate write into no other file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import (
    make_snapshot,
    read_snapshot,
    write_snapshot,
)
from handwheel.tools.guardrails.gate.state.lock import GateLock
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import instant_now

from ..testbed.terminals import giving


def pipe(_: Path, there: Path) -> None:
    os.mkfifo(there)


@pytest.mark.parametrize("link", [os.symlink, os.link, pipe])
def test_a_lock_that_is_a_link_is_refused_and_writes_nowhere(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    victim, lock = tmp_path / "operators.yaml", tmp_path / "gate.lock"
    victim.write_text("precious")
    link(victim, lock)
    with pytest.raises(LedgerError, match=r"gate.lock: is a link, or no file; .*: take it away"):
        GateLock(tmp_path).__enter__()
    assert victim.read_text() == "precious"
    lock.unlink()
    with GateLock(tmp_path) as held:
        assert held.is_held()
        assert lock.read_text() == f"{os.getpid()}\n"


def test_anchors_that_are_a_link_are_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    victim, anchors = tmp_path / "operators.yaml", tmp_path / "ledger" / "anchors"
    anchors.parent.mkdir(mode=0o700)
    victim.write_text("precious")
    anchors.symlink_to(victim)
    with pytest.raises(LedgerError, match="anchors: "):
        Database(tmp_path, "cw-demo")
    assert victim.read_text() == "precious"
    anchors.unlink()
    with Database(tmp_path, "cw-demo") as database:
        assert len(database.anchors.lines()) == 1


def test_a_lock_that_another_gate_would_not_meet_is_held_no_longer(tmp_path: Path) -> None:
    with GateLock(tmp_path) as held:
        (tmp_path / "gate.lock").rename(tmp_path / "aside")
        (tmp_path / "gate.lock").symlink_to(tmp_path / "aside")
        assert not held.is_held()
        (tmp_path / "aside").replace(tmp_path / "gate.lock")
        assert held.is_held()
        (tmp_path / "gate.lock").unlink()
        assert not held.is_held()
    assert not held.is_held()


def test_a_lock_in_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"gone/gate.lock: No such file or directory"):
        GateLock(tmp_path / "gone").__enter__()
    assert not (tmp_path / "gone").exists()


def test_a_shared_folder_must_be_the_gates_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns it could put files of theirs in the place of the gate's."""
    me = os.geteuid()
    for rights, is_ours in ((0o2770, False), (0o2770, True), (0o2750, False)):
        tmp_path.chmod(rights)
        monkeypatch.setattr(os, "geteuid", giving(me if is_ours else me + 1))
        lock = GateLock(tmp_path)
        if rights == 0o2770 and not is_ours:
            with pytest.raises(GuardrailError, match="is shared by its group and belongs to"):
                lock.__enter__()
            assert list(tmp_path.iterdir()) == []
            continue
        with lock:
            assert lock.is_held()


def test_a_lock_that_was_given_back_is_given_back_once(tmp_path: Path) -> None:
    """The number of its file may be another file's by then."""
    with GateLock(tmp_path) as lock:
        lock.__exit__()
        with (tmp_path / "another").open("w") as other:
            lock.__exit__()
            os.fstat(other.fileno())
            assert not lock.is_held()
    with GateLock(tmp_path) as again:
        assert again.is_held()


def test_a_picture_goes_through_no_link(memory_site: Site, tmp_path: Path) -> None:
    victim, now = tmp_path / "tags.yaml", instant_now()
    victim.write_text("precious")
    for name in ("picture.new", "picture.json"):
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).symlink_to(victim)
        write_snapshot(tmp_path, make_snapshot(7, frozenset(), memory_site, {}, now))
        assert victim.read_text() == "precious"
        picture = read_snapshot(tmp_path, now)
        assert picture is not None
        assert (picture.epoch, (tmp_path / "picture.json").is_symlink()) == (7, False)
        assert not (tmp_path / "picture.new").exists()


def test_a_link_that_comes_at_the_last_moment_is_not_followed(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, draft = tmp_path / "tags.yaml", tmp_path / "picture.new"
    victim.write_text("precious")

    def put_back(path: Path, *, missing_ok: bool) -> None:
        path.symlink_to(victim)

    picture = make_snapshot(7, frozenset(), memory_site, {}, instant_now())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", put_back)
        with pytest.raises(LedgerError, match=r"picture.json: File exists"):
            write_snapshot(tmp_path, picture)
    assert (victim.read_text(), draft.is_symlink()) == ("precious", True)
    draft.unlink()
    draft.mkdir()  # it cannot be drawn there either
    with pytest.raises(LedgerError, match=r"picture.json: Is a directory"):
        write_snapshot(tmp_path, picture)
