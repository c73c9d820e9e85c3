"""Name that a program has on cards, if it gives itself none."""

import sys
from pathlib import Path

from handwheel.tools.requests.proposer import LONGEST_GUEST_NAME

_REPLACED = "_"  # for each character that a card does not show


def program_name() -> str:
    """Returns the name of the script that runs, in visible ASCII characters."""
    stem = Path(sys.argv[0]).stem or "python"
    shown = "".join(each if "!" <= each <= "~" and each != '"' else _REPLACED for each in stem)
    return shown[:LONGEST_GUEST_NAME]
