"""Methods for a heat exchanger without phase change."""

import math

from .method import Method

_FILM_EXPONENT = 0.8
_EVEN_K = 0.01  # below this difference the logarithmic mean is the arithmetic one
_SECONDS_PER_HOUR = 3600.0
_WATT = 1000.0  # per kW


def heat_duty(*, flow: float, warm: float, cold: float, heat_capacity: float) -> float:
    """Returns the heat that a stream gives off or takes up, kW.

    Args:
        flow: Volume flow, m3/h.
        warm: Temperature at its warm end, degC.
        cold: Temperature at its cold end, degC.
        heat_capacity: By volume, density times specific heat, kJ/m3K.

    Source: steady energy balance of an incompressible stream, Incropera et al., Fundamentals of
    Heat and Mass Transfer, eq. 11.6b and 11.7b.
    """
    return flow * heat_capacity * (warm - cold) / _SECONDS_PER_HOUR


def fouling(  # noqa: PLR0913 - a heat balance has that many terms
    *,
    hot_flow: float,
    hot_in: float,
    hot_out: float,
    cold_flow: float,
    cold_in: float,
    cold_out: float,
    hot_heat_capacity: float,
    area: float,
    hot_film: float,
    hot_film_flow: float,
    cold_film: float,
    cold_film_flow: float,
) -> float | None:
    """Returns the fouling resistance of a counterflow exchanger, m2K/W.

    It is what the measured heat transfer coefficient lacks of the clean one: `1/U - 1/U_clean`.
    `U` comes from the duty of the hot stream and the logarithmic mean temperature difference.
    A film coefficient goes with the power 0.8 of its flow. The result is below zero where the
    exchanger seems better than clean, as with a wrong thermometer. It is right in a steady state.

    Args:
        hot_flow: Volume flow, m3/h; the temperatures are in degC.
        hot_heat_capacity: Of the hot stream by volume, kJ/m3K.
        area: Heat transfer area, m2.
        hot_film: Clean film coefficient of the hot side at `hot_film_flow`, W/m2K; the same for
            the cold side.

    Returns:
        `None` without flow or without heat transfer.

    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, eq. 11.1, 11.14 and 11.15;
    the exponent 0.8 after Dittus and Boelter, eq. 8.60.
    """
    duty_kw = heat_duty(flow=hot_flow, warm=hot_in, cold=hot_out, heat_capacity=hot_heat_capacity)
    difference_k = _log_mean(hot_in - cold_out, hot_out - cold_in)
    if difference_k is None or duty_kw <= 0.0 or cold_flow <= 0.0:
        return None
    measured = area * difference_k / (duty_kw * _WATT)
    hot = 1.0 / (hot_film * math.pow(hot_flow / hot_film_flow, _FILM_EXPONENT))
    cold = 1.0 / (cold_film * math.pow(cold_flow / cold_film_flow, _FILM_EXPONENT))
    return measured - hot - cold


def _log_mean(one: float, other: float) -> float | None:
    if one <= 0.0 or other <= 0.0:
        return None
    if abs(one - other) < _EVEN_K:
        return (one + other) / 2.0
    return (one - other) / math.log(one / other)


HEAT_DUTY = Method(
    heat_duty,
    unit="kW",
    inputs={"flow": "m3/h", "warm": "degC", "cold": "degC", "heat_capacity": "kJ/m3K"},
)
FOULING = Method(
    fouling,
    unit="m2K/W",
    inputs={
        "hot_flow": "m3/h",
        "hot_in": "degC",
        "hot_out": "degC",
        "cold_flow": "m3/h",
        "cold_in": "degC",
        "cold_out": "degC",
        "hot_heat_capacity": "kJ/m3K",
        "area": "m2",
        "hot_film": "W/m2K",
        "hot_film_flow": "m3/h",
        "cold_film": "W/m2K",
        "cold_film_flow": "m3/h",
    },
)
