"""The command `handwheel`: makes every interruption orderly before anything slow is imported."""

import sys

from .interrupts import INTERRUPTED, end_alike, uninterrupted_import
from .streams import make_writable


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with a documented code."""
    try:
        end_alike()
        make_writable()
        with uninterrupted_import():
            from .command_line import run_command_line

        run_command_line(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
