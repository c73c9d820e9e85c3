"""Says once what holds the gate up, and once that it goes on."""

import logging

_logger = logging.getLogger(__name__)


class FaultLog:
    """Current faults of the gate, each by a name. A fault that ends is forgotten."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def note(self, name: str, trouble: str) -> None:
        """Logs a trouble that begins or changes, and its end, which is an empty text."""
        if trouble == self._known.get(name, ""):
            return
        if trouble:
            self._known[name] = trouble
            _logger.error("%s: %s", name, trouble)
        else:
            del self._known[name]
            _logger.warning("%s: goes on", name)
