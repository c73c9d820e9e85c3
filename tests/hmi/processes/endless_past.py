"""The command line, at a site whose recorded past never ends."""

import time
import warnings
from collections.abc import Generator

from handwheel.connectors.historian.recorded_history import RecordedHistory, RecordedScan
from handwheel.hmi.__main__ import main as run
from handwheel.hmi.processes import agents


def _scans(*_: object) -> Generator[RecordedScan]:
    while True:
        time.sleep(0.001)
        yield RecordedScan({}, 1.0, 1.0)


def main() -> None:
    warnings.simplefilter("error")
    setattr(RecordedHistory, "_scans", _scans)  # noqa: B010
    setattr(agents, "_SILENT_S", 0.0)  # noqa: B010
    run()
