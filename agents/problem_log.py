"""Log of problems, each once and not with every scan."""

import logging


class ProblemLog:
    """Takes a subject and its problem, which is empty once it is over."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)
        self._reported: dict[str, str] = {}

    def __call__(self, about: str, problem: str) -> None:
        """Logs a problem that is new."""
        if self._reported.get(about) != problem:
            self._reported[about] = problem
            if problem:
                self._logger.warning("%s: %s", about, problem)

    def end(self, about: str, words: str) -> None:
        """Logs that a problem is over, if there was one."""
        if self._reported.pop(about, ""):
            self._logger.warning("%s: %s", about, words)
