"""Strainers, by the pressure that is lost over them."""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows

_WINDOW_S = 120.0


@diagnoser(
    needs={"dp": "kPa", "flow": "m3/h", "clean": "", "least_flow": "m3/h"},
    unit="",
    window_s=_WINDOW_S,
    source="turbulent pressure loss goes with the square of the flow, White, Fluid Mechanics, 6.9",
    optional=frozenset({"least_flow"}),
)
def strainer_resistance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the resistance `dp / flow²` of a strainer as a multiple of the clean one.

    Args:
        windows: Of the pressure difference and the flow.
        inputs: `dp`, `flow`, and `clean` in kPa/(m3/h)².
    """
    dp = windows.mean(inputs["dp"], _WINDOW_S)
    flow = windows.mean(inputs["flow"], _WINDOW_S)
    if dp is None or flow is None or flow < inputs.get("least_flow", 10.0):
        return None
    return Measured(dp / flow**2 / inputs["clean"] - 1.0, flow)
