"""Balances of heat, which a wrong transmitter opens."""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .steadiness import is_steady

STEADY_S = 300.0
"""Time for which an exchanger must be steady before its balance means anything."""
MOVED_K = 0.8
"""Movement of an outlet in that time which leaves the balance within 1 %."""
_LEAST_KW = 50.0


@diagnoser(
    needs={"hot": "kW", "cold": "kW", "hot_out": "degC", "cold_out": "degC", "flow": "m3/h"},
    unit="%",
    window_s=STEADY_S,
    source="steady energy balance, Incropera, Fundamentals of Heat and Mass Transfer, eq. 11.6, "
    "11.7",
)
def heat_balance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns what the hot side of an exchanger gives off beyond what the cold one takes up.

    It is a share of the hot duty. The outlets lag, so it is unknown while they move.

    Args:
        inputs: `hot` and `cold` are the duties, `hot_out` and `cold_out` the outlets, `flow` that
            of the cold side.
    """
    outlets = ((inputs["hot_out"], MOVED_K), (inputs["cold_out"], MOVED_K))
    hot = windows.mean(inputs["hot"], STEADY_S)
    cold = windows.mean(inputs["cold"], STEADY_S)
    flow = windows.mean(inputs["flow"], STEADY_S)
    if hot is None or cold is None or flow is None or hot < _LEAST_KW:
        return None
    if not is_steady(windows, outlets, STEADY_S):
        return None
    return Measured((hot - cold) / hot * 100.0, flow)
