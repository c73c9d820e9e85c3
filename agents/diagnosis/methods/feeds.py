"""Feeds, by their valves, by the point at which they mix and by how fast they react."""

from math import exp

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .blocks import block_rows

_NOW_S = 120.0
_SHARE_S = 21600.0
_EXCHANGE_S = 14400.0
_RATE_S = 32400.0
_RATE_BLOCK_S = 5400.0
_LEAST_OPEN = 5.0  # %, below which the valve's characteristic is uncertain
_KELVIN = 273.15
_ATMOSPHERE = 101.325
_MIXING = "component balance of a mixing point, Felder and Rousseau, 4.3"
_STREAMS = {"mixed": "kscmh", "recycle": "kscmh", "feed": "kscmh"}
_PAIR = {
    "mixed_first": "%", "recycle_first": "%", "mixed_second": "%", "recycle_second": "%",
    "pure": "kscmh",
}  # fmt: skip


@diagnoser(
    needs={"flow": ANY_UNIT, "position": "%", "full": ANY_UNIT},
    window_s=_NOW_S,
    source="linear inherent characteristic, ANSI/ISA-75.11.01",
)
def valve_delivery(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the flow through a linear valve as a share of what its position lets through.

    Args:
        inputs: `flow`, `position` of the valve, and the `full` flow at 100 %.
    """
    flow = windows.mean(inputs["flow"], _NOW_S)
    position = windows.mean(inputs["position"], _NOW_S)
    if flow is None or position is None or position < _LEAST_OPEN:
        return None
    return Measured(flow / (inputs["full"] * position / 100.0), position)


@diagnoser(
    needs=_STREAMS | {"mixed_share": "%", "recycle_share": "%"},
    unit="%",
    window_s=_SHARE_S,
    source=_MIXING,
)
def feed_share(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the share of a component in a feed, by the balance of the point at which it mixes.

    Args:
        inputs: Flows of the `mixed` stream, the `recycle` and the `feed`, and shares of the
            component in the first two. No other stream brings it.
    """
    names = ("mixed", "mixed_share", "recycle", "recycle_share", "feed")
    found = [
        (mixed * share - recycle * back) / feed
        for mixed, share, recycle, back, feed in block_rows(
            windows, [inputs[each] for each in names], _SHARE_S
        )
        if feed > 0.0
    ]
    return Measured(sum(found) / len(found)) if found else None


@diagnoser(needs=_STREAMS | _PAIR, unit="%", window_s=_EXCHANGE_S, source=_MIXING)
def feed_exchange(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns half the difference of the shares of two components in a feed.

    It moves by as much as one component takes the place of the other.

    Args:
        inputs: As of `feed_share`, for a first and a second component, and a feed of the `pure`
            first one.
    """
    names = (
        "mixed", "mixed_first", "mixed_second", "recycle", "recycle_first", "recycle_second",
        "feed", "pure",
    )  # fmt: skip
    found = [
        (mixed * (first - second) - recycle * (back - other) - 100.0 * pure) / feed / 2.0
        for mixed, first, second, recycle, back, other, feed, pure in block_rows(
            windows, [inputs[each] for each in names], _EXCHANGE_S
        )
        if feed > 0.0
    ]
    return Measured(sum(found) / len(found)) if found else None


@diagnoser(
    needs={
        "feed": "kg/h", "pressure": "kPag", "temperature": "degC", "level": "%",
        "first": "%", "second": "%", "third": "%", "first_order": "", "second_order": "",
        "gas": "kscmh", "condensed": "m3/h", "gas_of_liquid": "", "activation": "K",
        "no_gas": "%", "usual": "", "usual_temperature": "degC",
    },
    window_s=_RATE_S,
    source="power law of rates, Downs and Vogel 1993, reaction 1",
)  # fmt: skip
def reaction_deviation(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest relative deviation of a reaction's rate constant in nine hours.

    What is fed reacts at once, so that the share of it which is left tells the rate constant.

    Args:
        inputs: `feed` that reacts with order 1 and is the `third` share of the gas that leaves,
            shares of the `first` and `second` reactant with their orders, `pressure`,
            `temperature` and `level` of the reactor, the level `no_gas` at which it is full,
            flows of that `gas` and of what has `condensed` before the analysis, which was the
            `gas_of_liquid` for a m3, temperature of `activation`, and the `usual` rate constant at
            its temperature.
    """
    names = (
        "feed", "pressure", "temperature", "level", "gas", "condensed", "first", "second", "third",
    )  # fmt: skip
    orders = inputs["first_order"], inputs["second_order"]
    cold = 1.0 / (inputs["usual_temperature"] + _KELVIN)
    found: list[float] = []
    for feed, pressure, temperature, level, gas, condensed, *shares in block_rows(
        windows, [inputs[each] for each in names], _RATE_S, _RATE_BLOCK_S
    ):
        if min(*shares, gas, inputs["no_gas"] - level) <= 0.0:
            continue
        left = gas / (gas + inputs["gas_of_liquid"] * condensed) / 100.0
        first, second, third = (each * left * (pressure + _ATMOSPHERE) for each in shares)
        driving = first ** orders[0] * second ** orders[1] * third * (inputs["no_gas"] - level)
        usual = inputs["usual"] * exp(inputs["activation"] * (cold - 1.0 / (temperature + _KELVIN)))
        found.append(abs(feed / (driving * usual) - 1.0))
    return Measured(max(found)) if found else None
