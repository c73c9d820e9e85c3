"""An intent counts once the disk has its anchor too, and not only the system's memory."""

import errno
import os
from pathlib import Path

import pytest

from ..testbed.with_oracle import START_B, Watched


async def test_a_disk_that_does_not_keep_the_intents_anchor_lets_nothing_leave(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The anchor is written, and a power failure would take it away again."""
    request = room.approved()
    real = os.fsync

    def broken(file: int) -> None:
        if Path(f"/proc/self/fd/{file}").readlink().name == "anchors":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        await room.act()
    assert room.plant.frames == []
    assert room.desk.states(request) == ["SENDING"]
    assert ["Input/output error" in each for each in room.suspended] == [True]
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN"]
    assert "whether it was sent is not known" in room.reason(request)
    assert room.plant.frames == []
    await room.go_through(START_B)
