"""A simulated plant with gate and agents as processes, to try a program with."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from ..errors import NotRunning

_END_WITHIN_S = 60.0


class RunningSite:
    """Temporary site whose plant, gate and agents run until `close`, or until this process ends.

    Agents and programs have authority over the whole site. It is a simulated one; there is no way
    to run it on a device.

    Args:
        plant: Installed plant, such as `cw-100`.
        approve_after: Time after which a script approves each request, such as `2 s`, which the
            journal records; `None` if a person does, in another shell.
        fault: Fault of the plant, such as `F01@2min`; `None` for none.

    Raises:
        NotRunning: It does not start; says why.

    Effect: starts processes, which take some seconds. Retry: none. Timeout: none.

    Attributes:
        folder: Folder of the site, for `Site.open`.
    """

    def __init__(
        self, plant: str = "cw-100", *, approve_after: str | None = None, fault: str | None = None
    ) -> None:
        options = {"--plant": plant, "--approve-after": approve_after, "--fault": fault}
        words = [word for name, value in options.items() if value for word in (name, value)]
        self._log = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (as long as the processes)
        self._process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", "handwheel.hmi", "up", "--headless", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        typed, printed = self._process.stdin, self._process.stdout
        assert typed is not None
        assert printed is not None
        self._typed = typed
        self._printed = printed
        line = printed.readline()
        if not line:
            self._process.wait()
            log = self.log
            self._log.close()
            raise NotRunning(log.strip().removeprefix("handwheel: ") or "it has ended")
        self.folder = Path(json.loads(line)["site"])

    @property
    def log(self) -> str:
        """Text that the processes wrote, such as which requests a script approved."""
        self._log.seek(0)
        return self._log.read()

    def tell_plant(self, line: str) -> None:
        """Types a line at the plant, such as `speed 5` or `fault F01`."""
        self._typed.write(f"{line}\n")
        self._typed.flush()

    def close(self) -> None:
        """Ends the processes, and removes the folder."""
        if not self._typed.closed:
            self._process.communicate(timeout=_END_WITHIN_S)
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RunningSite({str(self.folder)!r})"
