"""The device of a kill run at each statement: in its own process, and it does as it is told."""

import json
import subprocess
from pathlib import Path
from subprocess import PIPE
from typing import Any

from ...plants.devices.lossy_pumps import Always
from ..process_group import ROOT, python


class OrderedDevice:
    """A device and its frame log; use `close`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        log.touch()
        self._process = subprocess.Popen(
            python("plants.devices.lossy_pumps", "--frame-log", str(log)),
            cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True,
        )  # fmt: skip
        self.ports: dict[str, int] = self._hear()["ports"]

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10.0)

    def begin(self, always: Always, frames: str) -> None:
        """Sets it back, to where these frames have brought it.

        Args:
            always: What becomes of every write from then on.
        """
        self._order(always)
        for line in frames.splitlines():
            frame = json.loads(line)
            if frame["answer"] == "ok":
                self._order(frame["pdu"])

    def size(self) -> int:
        """Returns the size of the frame log: `frames` since."""
        return self._log.stat().st_size

    def frames(self, since: int) -> str:
        """Returns the lines of the frame log behind a size that it had."""
        return self._log.read_bytes()[since:].decode()

    def _order(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard
