"""The command `handwheel`.

Signal handlers are set before any slow import, so that every interruption ends it in order.
"""

import gc
import sys

from .shell.cli.interrupts import INTERRUPTED, handle_termination_signals, uninterrupted_import
from .shell.cli.stdio import end_line, make_writable

# Imports and address spaces make objects that stay. By default the collector looks through them
# at every 700 new ones, which takes a quarter of the start of gate, agents and plant.
_NEW_OBJECTS_BEFORE_COLLECTION = 100_000


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with a documented code."""
    gc.set_threshold(_NEW_OBJECTS_BEFORE_COLLECTION, 20, 50)
    try:
        handle_termination_signals()
        make_writable()
        words = sys.argv[1:] if arguments is None else arguments
        if words[:1] == ["lockout"]:  # must not wait for anything else, nor fail with it
            with uninterrupted_import():
                from .people.lockout import run_lockout

            raise SystemExit(run_lockout(words[1:]))
        with uninterrupted_import():
            from .shell.cli.command_line import run_command_line

        run_command_line(words)
    except KeyboardInterrupt:
        end_line()
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
