"""Strainers and lines, by the pressure that is lost over them."""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .blocks import block_rows

_WINDOW_S = 120.0
_LONG_S = 10800.0


@diagnoser(
    needs={"dp": "kPa", "flow": "m3/h", "clean": "", "least_flow": "m3/h"},
    window_s=_WINDOW_S,
    source="turbulent pressure loss goes with the square of the flow, White, Fluid Mechanics, 6.9",
    optional=frozenset({"least_flow"}),
)
def strainer_resistance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the resistance `dp / flow²` of a strainer as a multiple of the clean one.

    Args:
        inputs: `dp`, `flow`, and `clean` in kPa/(m3/h)².
    """
    dp = windows.mean(inputs["dp"], _WINDOW_S)
    flow = windows.mean(inputs["flow"], _WINDOW_S)
    if dp is None or flow is None or flow < inputs.get("least_flow", 10.0):
        return None
    return Measured(dp / flow**2 / inputs["clean"] - 1.0, flow)


@diagnoser(
    needs={"before": "kPag", "between": "kPag", "after": "kPag", "usual": ""},
    window_s=_LONG_S,
    source="losses in series at one flow are in proportion, White, Fluid Mechanics, 6.9",
)
def resistance_in_series(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest resistance of three hours by that of the piece before it, less 1.

    Args:
        inputs: Pressures `before` the first piece, `between` both and `after` the second, and the
            `usual` ratio of their losses.
    """
    rows = block_rows(windows, [inputs[each] for each in ("before", "between", "after")], _LONG_S)
    found = [
        (between - after) / (before - between) / inputs["usual"] - 1.0
        for before, between, after in rows
        if before > between
    ]
    return Measured(max(found)) if found else None
