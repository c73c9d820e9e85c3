"""Process that assesses a request each time it reads a line, for `BackgroundAssessment`.

It is a process of its own, since methods of other packages run in it, and a console may hold an
open key. It answers with lines of JSON, of which the last is whole.
"""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.safe_text import printable

from ...people.signing import open_context
from .assess import Assessor
from .model import Assessment

_NICE = 10  # so that the gate's scans come first


def main() -> None:
    """Answers each line of standard input, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the terminal's own process
    logging.disable()  # nothing is said where a card is drawn
    os.nice(_NICE)
    root, request_id = sys.argv[1:]
    assessor = Assessor()
    for _ in sys.stdin:
        for each in _assessed(assessor, Path(root), request_id):
            sys.stdout.write(f"{each.model_dump_json()}\n")
            sys.stdout.flush()


def _assessed(assessor: Assessor, root: Path, request_id: str) -> Iterator[Assessment]:
    try:
        with open_context(load_site(root)) as context:
            request = load_exactly(context.database, request_id).request
            yield from assessor.assess(context, request)
    except HandwheelError as error:
        yield Assessment.without(printable(str(error)))
    except Exception as error:  # noqa: BLE001 (an error costs only these lines)
        yield Assessment.without(printable(f"unexpected {type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
