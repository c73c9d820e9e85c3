"""Forks a warm parent, and waits for what was forked."""

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..process_group import GivenUp

_LIFE_S = 40
_KILLED = -signal.SIGKILL

Work = Callable[[], object]


@dataclass(frozen=True)
class Forks:
    """Forked processes, which write what went wrong into one file."""

    errors: Path

    def fork(self, work: Work, needless: Sequence[int] = ()) -> int:
        """Forks a process that does its work and ends; returns its number.

        Args:
            needless: Files that it must not hold.
        """
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            signal.alarm(_LIFE_S)
            for each in needless:
                os.close(each)
            work()
            code = 0
        except BaseException:  # noqa: BLE001 (whatever happens, it must not go on as its parent)
            with self.errors.open("a", encoding="utf-8") as file:
                traceback.print_exc(file=file)
        finally:
            os._exit(code)

    def wait(self, name: str, pid: int, *, may_die: bool = False) -> bool:
        """Waits until a process has done its work, or has been killed if it may be; says which.

        Raises:
            GivenUp: It ended otherwise.
        """
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code != 0 and not (may_die and code == _KILLED):
            told = self.errors.read_text(encoding="utf-8") if self.errors.exists() else ""
            raise GivenUp(f"the {name} ended with {code}: {told[-3000:]}")
        return code == _KILLED

    def do(self, name: str, work: Work) -> None:
        """Has work done in a process of its own."""
        self.wait(name, self.fork(work))
