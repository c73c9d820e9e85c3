"""Coolers and heaters whose utility is set by a valve without a flow meter.

The valve's position stands for the flow of water. The heat that the water takes up, `position ·
(outlet - inlet)`, is the heat that the surface passes, `transfer · (hot - outlet)`, once both are
steady. So a warm inlet opens the valve and leaves the outlet as it was, and a fouled surface
leaves the outlet colder.
"""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .blocks import BLOCK_S, block_rows, wander

_NOW_S = 1080.0
_LONG_S = 10800.0
_LONG_BLOCK_S = 1080.0
_LEAST_OPEN = 2.0  # %
_LEAST_GAP = 1.0  # K
_SOURCE = "Incropera and DeWitt, Fundamentals of Heat and Mass Transfer, 11.3; own"
_NEEDS = {
    "position": "%", "outlet": "degC", "hot": "degC", "transfer": "", "load": "kscmh",
    "usual_load": "kscmh", "exponent": "",
}  # fmt: skip
_OPTIONAL = frozenset({"load", "usual_load", "exponent"})


@diagnoser(needs=_NEEDS, unit="degC", window_s=_NOW_S, source=_SOURCE, optional=_OPTIONAL)
def cooling_inlet(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the inlet temperature of the cooling water that explains its outlet.

    Args:
        inputs: `position` of the water's valve, `outlet` of the water, `hot` side, and `transfer`
            of the clean cooler in percent of the valve. It grows with the `load` of the hot side
            by its `usual_load`, to an `exponent`.
    """
    found = _inlets(windows, inputs, _NOW_S)
    return Measured(sum(found) / len(found)) if found else None


@diagnoser(needs=_NEEDS, unit="K", window_s=_LONG_S, source=_SOURCE, optional=_OPTIONAL)
def cooling_inlet_wander(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much the inlet temperature wanders, beyond one step.

    Args:
        inputs: As of `cooling_inlet`.
    """
    found = wander(_inlets(windows, inputs, _LONG_S))
    return None if found is None else Measured(found)


@diagnoser(needs=_NEEDS | {"inlet": "degC"}, window_s=_LONG_S, source=_SOURCE, optional=_OPTIONAL)
def cooling_transfer(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the least heat transfer of three hours as a share of the clean cooler's.

    Args:
        inputs: As of `cooling_inlet`, and the usual `inlet` of the water.
    """
    found = [
        position * (outlet - inputs["inlet"]) / (hot - outlet) / transfer
        for position, outlet, hot, transfer in _rows(windows, inputs, _LONG_S, _LONG_BLOCK_S)
    ]
    return Measured(min(found)) if found else None


@diagnoser(
    needs={"outlet": "degC", "hot": "degC", "usual": "K"},
    window_s=_LONG_S,
    source="heat is transfer times temperature difference; own",
)
def cooling_gap(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest difference of hot side and outlet in three hours by its usual one.

    It grows as the transfer falls, and does not see the inlet.

    Args:
        inputs: `hot` side, `outlet` of the water, and the `usual` difference.
    """
    rows = block_rows(windows, [inputs["hot"], inputs["outlet"]], _LONG_S, _LONG_BLOCK_S)
    found = [(hot - outlet) / inputs["usual"] for hot, outlet in rows]
    return Measured(max(found)) if found else None


@diagnoser(
    needs={"flow": "kg/h", "position": "%", "cold": "degC", "steam": "degC", "usual": ""},
    window_s=_LONG_S,
    source="condensing steam gives flow in proportion to valve and temperature difference; own",
)
def heating_deviation(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest relative deviation of a heater's transfer in three hours.

    Args:
        inputs: `flow` of condensed steam, `position` of its valve, `cold` side, temperature of the
            `steam`, and the `usual` flow for a percent and a kelvin.
    """
    rows = block_rows(windows, [inputs["flow"], inputs["position"], inputs["cold"]], _LONG_S)
    found = [
        abs(flow / (position * (inputs["steam"] - cold) * inputs["usual"]) - 1.0)
        for flow, position, cold in rows
        if position >= _LEAST_OPEN and inputs["steam"] - cold >= _LEAST_GAP
    ]
    return Measured(max(found)) if found else None


def _inlets(windows: Windows, inputs: Inputs, last_s: float) -> list[float]:
    return [
        outlet - transfer * (hot - outlet) / position
        for position, outlet, hot, transfer in _rows(windows, inputs, last_s)
    ]


def _rows(
    windows: Windows, inputs: Inputs, last_s: float, block_s: float = BLOCK_S
) -> list[tuple[float, ...]]:
    """Returns position, outlet, hot side and expected transfer of each block."""
    tags = [inputs[each] for each in ("position", "outlet", "hot", "load") if each in inputs]
    found: list[tuple[float, ...]] = []
    for position, outlet, hot, *load in block_rows(windows, tags, last_s, block_s):
        if position < _LEAST_OPEN or hot - outlet < _LEAST_GAP:
            continue
        share = 1.0
        for each in load:
            share = max(each / inputs["usual_load"], 0.0) ** inputs["exponent"]
        if share > 0.0:
            found.append((position, outlet, hot, inputs["transfer"] * share))
    return found
