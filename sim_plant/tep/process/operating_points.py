"""Published steady states to start from.

Source: Downs and Vogel 1993 (base, ten digits); Ricker, Comput. Chem. Eng. 19 (1995) 949
(optimal modes 1 to 6, seven digits).
"""

import json
from pathlib import Path

_FILE = Path(__file__).with_name("operating_points.json")


def operating_point(mode: str) -> list[float]:
    """Returns the 50 states of a steady state, or raises `KeyError`.

    Args:
        mode: `base`, or `1` to `6`: mass ratio G to H of 50/50, 10/90 and 90/10 at the base
            rate, then the same at the maximum rate.
    """
    points: dict[str, list[float]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return points[mode]
