"""Assessments that a process of its own computes while a card is shown."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

from pydantic import ValidationError

from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.model.site import Site

from .model import PENDING, Assessment

_AGAIN_S = 15.0  # from one assessment to the beginning of the next
_LONGEST_S = 90.0
_WORKER = f"{'handwheel.hmi.requests.assessment'}.worker"
_POLL_S = 0.1
_READ = 1 << 20


class BackgroundAssessment:
    """Process that assesses a request again and again. It never waits and raises nothing.

    Its process is started by the first `latest`. Ctrl-C and Ctrl-Z at the terminal do not reach it.
    """

    def __init__(self, site: Site, request_id: str) -> None:
        self._site, self._request_id = site, request_id
        self._process: subprocess.Popen[bytes] | None = None
        self._found = PENDING
        self._is_ended = False
        self._read = b""
        self._asked_s: float | None = None  # `None` while nothing is asked
        self._next_s = 0.0

    def latest(self) -> Assessment | None:
        """Returns the newest assessment at once, `None` at a site without failure modes."""
        if not self._site.failure_modes:
            return None
        if not (self._site.state / HISTORY_FILE).exists():
            return Assessment.without("no values are recorded; the agents record them")
        if not self._is_ended:
            try:
                self._poll(self._process or self._start())
            except OSError as error:
                self._end(f"its process has ended: {os.strerror(error.errno or 0)}")
        return self._found

    def first(self) -> Assessment | None:
        """Waits for the first whole assessment, see `latest`."""
        while (found := self.latest()) is not None and not found.is_whole:
            sleep(_POLL_S)
        return found

    def close(self) -> None:
        """Ends the process."""
        self._is_ended = True
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):  # what it was asked last is not sent any more
                self._process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", _WORKER, str(self._site.root), self._request_id]
        self._process = process = subprocess.Popen(  # noqa: S603 (our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def _poll(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        now_s = monotonic()
        if self._asked_s is None:
            if now_s >= self._next_s:
                process.stdin.write(b"\n")
                self._asked_s = now_s
            return
        part = process.stdout.read(_READ)
        if part == b"":
            self._end("its process has ended")
        elif now_s - self._asked_s > _LONGEST_S:
            self._end(f"it takes more than {_LONGEST_S:g} s")
        *lines, self._read = (self._read + (part or b"")).split(b"\n")
        for line in lines:
            try:
                found = Assessment.model_validate_json(line)
            except ValidationError:
                self._end("its process has answered wrongly")
                return
            if found.is_whole:
                self._asked_s, self._next_s = None, now_s + _AGAIN_S
            if found.is_whole or not self._found.is_whole:  # else the earlier one has more
                self._found = found

    def _end(self, reason: str) -> None:
        self._found = Assessment.without(reason)
        self.close()


@contextmanager
def assessed_beside(site: Site, request_id: str) -> Generator[BackgroundAssessment]:
    """Assesses a request as long as it is shown."""
    background = BackgroundAssessment(site, request_id)
    try:
        yield background
    finally:
        background.close()
