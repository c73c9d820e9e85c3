"""A hint wakes who waits, costs whoever gives it nothing, and goes nowhere else."""

import asyncio
import os
import socket
from pathlib import Path
from time import monotonic

import pytest

from handwheel.tools.guardrails.ledger.store import wakeup as wake
from handwheel.tools.guardrails.ledger.store.wakeup import WakeupListener, notify


def woken(listener: WakeupListener) -> bool:
    """Whether a hint waits; takes it."""
    begun_s = monotonic()
    listener.wait(0.2)
    return monotonic() - begun_s < 0.15


def test_each_listener_is_woken_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    state = tmp_path / ("a" * 120)  # longer than a socket's path may be
    state.mkdir()
    notify(state, "R-1")  # nobody listens, and there is no folder
    with WakeupListener(state) as one, WakeupListener(state) as other:
        notify(state, "R-1/c1")
        notify(state, "R-1/c1")
        assert [woken(one), woken(other), woken(one)] == [True, True, False]
    assert list((state / "wake").iterdir()) == []


async def test_who_waits_in_a_loop_is_woken_or_waits_the_time_out(tmp_path: Path) -> None:
    with WakeupListener(tmp_path) as listener:
        waiting = asyncio.create_task(listener.wait_async(60.0))
        await asyncio.sleep(0)
        notify(tmp_path, "R-1")
        await waiting
        await listener.wait_async(0.0)
        waiting = asyncio.create_task(listener.wait_async(0.05))  # while it closes
        await asyncio.sleep(0)
    notify(tmp_path, "R-1")
    await waiting
    assert list((tmp_path / "wake").iterdir()) == []


def test_a_full_listener_is_left_alone_and_a_dead_one_taken_away(tmp_path: Path) -> None:
    with WakeupListener(tmp_path) as slow:
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        dead.bind(str(tmp_path / "wake" / "dead"))
        dead.close()
        for _ in range(1000):
            notify(tmp_path, "R-1")
        assert not (tmp_path / "wake" / "dead").exists()
        with WakeupListener(tmp_path) as quick:
            notify(tmp_path, "R-2")
            assert woken(quick)
        assert woken(slow)


def test_nothing_is_told_through_a_link_nor_to_anything_but_a_socket(tmp_path: Path) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    (state / "wake").mkdir(parents=True)
    elsewhere.mkdir()
    with WakeupListener(elsewhere) as outside:
        (outside_socket,) = (elsewhere / "wake").iterdir()
        (state / "wake" / "link").symlink_to(outside_socket)
        (state / "wake" / "file").write_text("kept", encoding="utf-8")
        os.mkfifo(state / "wake" / "pipe")
        notify(state, "R-1")
        assert not woken(outside)
        (state / "wake").rename(state / "old")
        (state / "wake").symlink_to(elsewhere / "wake")
        notify(state, "R-1")
        assert not woken(outside)
        notify(elsewhere, "R-1")
        assert woken(outside)
    assert (state / "old" / "file").read_text(encoding="utf-8") == "kept"


def test_a_flood_of_hints_is_not_heard_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with WakeupListener(tmp_path) as listener:
        for _ in range(5):
            notify(tmp_path, "R-1")
        monkeypatch.setattr(wake, "_LISTENERS_AT_MOST", 2)
        assert [woken(listener) for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(("mode", "rights"), [(0o2770, 0o660), (0o700, 0o755)])
def test_in_a_shared_folder_only_the_group_may_wake(tmp_path: Path, mode: int, rights: int) -> None:
    tmp_path.chmod(mode)
    umask = os.umask(0o022)
    try:
        with WakeupListener(tmp_path):
            (made,) = (tmp_path / "wake").iterdir()
            assert made.stat().st_mode & 0o7777 == rights
    finally:
        os.umask(umask)


@pytest.mark.parametrize("spoil", ["a file", "no state folder", "a link"])
async def test_without_a_folder_who_waits_waits_the_time_out(tmp_path: Path, spoil: str) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if spoil != "no state folder":
        state.mkdir()
    if spoil == "a file":
        (state / "wake").touch()
    if spoil == "a link":
        (state / "wake").symlink_to(elsewhere)
    with WakeupListener(state) as listener:
        notify(state, "R-1")
        assert not woken(listener)
        begun_s = monotonic()
        await listener.wait_async(0.1)
        assert monotonic() - begun_s > 0.09
        assert list(elsewhere.iterdir()) == []
