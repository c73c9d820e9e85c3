"""Simulated plant in a process of its own, whose frame log is the witness."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE
from typing import Self
from unittest.mock import patch

from .order import Order
from .ways.write_tool import ENDPOINT, SECRET, write_tag
from .witness import accepted

TAG = "PIC-102.sp"
START = 350.0  # kPa, the tag's value when the plant starts
_SECRET = "turn the wheel"  # noqa: S105 (of a plant that lives for one trial)


class Plant:
    """Plant cw-100, served from the start of the context to its end.

    Args:
        folder: Empty, for its log and the password of the account that may write.
    """

    def __init__(self, folder: Path) -> None:
        self.log, self.secret = folder / "frames.jsonl", folder / "plant.secret"
        self.ports: Mapping[str, int] = {}
        self._counted_from = 0

    def __enter__(self) -> Self:
        self.log.touch()
        self.secret.touch(mode=0o600)
        self.secret.write_text(_SECRET, encoding="utf-8")
        words = ["plants", "serve", "cw-100", "--json", "--gate-secret", str(self.secret)]
        for option in ("--opcua-port", "--modbus-port", "--modbus-gate-port"):
            words += [option, "0"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "handwheel.hmi", *words, "--frame-log", str(self.log)],
            stdin=PIPE, stdout=PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.ports = json.loads(self._process.stdout.readline())["ports"]
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def account(self) -> dict[str, str]:
        """Returns the environment of a process that may write."""
        return {ENDPOINT: f"opc.tcp://127.0.0.1:{self.ports['opcua']}", SECRET: _SECRET}

    def begin(self) -> None:
        """Puts the tag back to its start for another trial, whose frames are counted from now."""
        if (frames := accepted(self.log)) and frames[-1].value != START:
            self.move(Order(TAG, START))
        self._counted_from = len(accepted(self.log))

    def frames(self) -> list[Order]:
        """Returns the writes that the plant has accepted in this trial."""
        return accepted(self.log)[self._counted_from :]

    def move(self, order: Order) -> None:
        """Writes as another operator does, at a console of the control system."""
        with patch.dict(os.environ, self.account()):
            asyncio.run(write_tag(order.tag, order.value))
