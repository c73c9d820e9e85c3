"""Log of problems, each once and not with every look."""

import logging


class ProblemLog:
    """Takes a subject and its problem, which is empty once it is over.

    Args:
        over: Words that tell that a problem is over; empty to tell nothing.
    """

    def __init__(self, name: str, level: int = logging.WARNING, over: str = "") -> None:
        self._logger, self._level, self._over = logging.getLogger(name), level, over
        self._reported: dict[str, str] = {}

    def __call__(self, about: str, problem: str) -> None:
        """Logs a problem that is new, or that it is over."""
        if not problem:
            self.end(about, self._over)
        elif self._reported.get(about) != problem:
            self._reported[about] = problem
            self._logger.log(self._level, "%s: %s", about, problem)

    def end(self, about: str, words: str) -> None:
        """Logs that a problem is over, if there was one."""
        if self._reported.pop(about, "") and words:
            self._logger.warning("%s: %s", about, words)
