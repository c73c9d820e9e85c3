"""Balances of amounts and energy, as derivatives of the states per hour.

Source: Downs and Vogel 1993, as programmed: the separator's energy balance takes the
compressor work out of the separator, against the first law. All published states
are steady with it and not without it, so it stays.
"""

from collections.abc import Sequence

from .algebra import Algebra
from .physics import constants as k
from .physics.boundary import Boundary
from .physics.thermo import GAS, enthalpy, feed_enthalpy, mixed
from .physics.valves import rates
from .state import VALVES

_RICH, _REST = k.FEED_PURITY, 1.0 - k.FEED_PURITY
# Streams 1 to 3 enter the header as gases
_A_FEED_HEAT = enthalpy(mixed(GAS, (_RICH, _REST, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)), k.FEED_C)
_D_FEED = mixed(GAS, (0.0, _REST, 0.0, _RICH, 0.0, 0.0, 0.0, 0.0))
_E_FEED_HEAT = enthalpy(mixed(GAS, (0.0, 0.0, 0.0, 0.0, _RICH, _REST, 0.0, 0.0)), k.FEED_C)

_WATER_HEAT = 500.53
_REACTOR_WATER = k.REACTOR_WATER_MAX / 100.0
_CONDENSER_WATER = k.CONDENSER_WATER_MAX / 100.0
_REACTOR_COIL = 7060.0
_CONDENSER_COIL = 11138.0
_COIL_HEAT = 1e6 / 1.8


def derivatives(
    x: Sequence[float], held: Sequence[float], now: Algebra, outside: Boundary
) -> list[float]:
    """Returns the 50 derivatives, per hour, with valves at the commands held, percent."""
    return [
        *_reactor(now),
        *_separator(now),
        *_stripper(now, outside),
        *_header(now, outside),
        *_water(x, now, outside),
        *rates(x[VALVES], held),
    ]


def _reactor(now: Algebra) -> tuple[float, ...]:
    feed, effluent = now.flows.reactor_feed, now.flows.effluent
    v_a, v_b, v_c, v_d, v_e, v_f, v_g, v_h = now.header.gas
    y_a, y_b, y_c, y_d, y_e, y_f, y_g, y_h = now.reactor.gas
    r_a, r_b, r_c, r_d, r_e, r_f, r_g, r_h = now.reactions.production
    return (
        feed * v_a - effluent * y_a + r_a,
        feed * v_b - effluent * y_b + r_b,
        feed * v_c - effluent * y_c + r_c,
        feed * v_d - effluent * y_d + r_d,
        feed * v_e - effluent * y_e + r_e,
        feed * v_f - effluent * y_f + r_f,
        feed * v_g - effluent * y_g + r_g,
        feed * v_h - effluent * y_h + r_h,
        feed * now.header.gas_enthalpy
        - effluent * now.reactor.gas_enthalpy
        + now.reactions.heat
        + now.heats.reactor,
    )


def _separator(now: Algebra) -> tuple[float, ...]:
    stream = now.flows
    effluent, underflow = stream.effluent, stream.underflow
    gas = stream.recycle + stream.purge
    y_a, y_b, y_c, y_d, y_e, y_f, y_g, y_h = now.reactor.gas
    s_a, s_b, s_c, s_d, s_e, s_f, s_g, s_h = now.separator.gas
    x_d, x_e, x_f, x_g, x_h = now.separator.liquid
    return (
        effluent * y_a - gas * s_a,
        effluent * y_b - gas * s_b,
        effluent * y_c - gas * s_c,
        effluent * y_d - gas * s_d - underflow * x_d,
        effluent * y_e - gas * s_e - underflow * x_e,
        effluent * y_f - gas * s_f - underflow * x_f,
        effluent * y_g - gas * s_g - underflow * x_g,
        effluent * y_h - gas * s_h - underflow * x_h,
        effluent * now.reactor.gas_enthalpy
        - stream.recycle * stream.recycle_enthalpy
        - stream.purge * now.separator.gas_enthalpy
        - underflow * now.separator.liquid_enthalpy
        + now.heats.condenser,
    )


def _stripper(now: Algebra, outside: Boundary) -> tuple[float, ...]:
    stream, column = now.flows, now.column
    product = stream.product
    b_a, b_b, b_c, b_d, b_e, b_f, b_g, b_h = column.bottoms
    x_a, x_b, x_c, x_d, x_e, x_f, x_g, x_h = now.sump.liquid
    ac_heat = feed_enthalpy(*outside.ac_feed, outside.ac_feed_c)
    return (
        b_a - product * x_a,
        b_b - product * x_b,
        b_c - product * x_c,
        b_d - product * x_d,
        b_e - product * x_e,
        b_f - product * x_f,
        b_g - product * x_g,
        b_h - product * x_h,
        stream.ac * ac_heat
        + stream.underflow * now.separator.liquid_enthalpy
        - column.overhead_heat
        - product * now.sump.liquid_enthalpy
        + now.heats.stripper,
    )


def _header(now: Algebra, outside: Boundary) -> tuple[float, ...]:
    stream, column = now.flows, now.column
    recycle, feed = stream.recycle, stream.reactor_feed
    o_a, o_b, o_c, o_d, o_e, o_f, o_g, o_h = column.overhead
    s_a, s_b, s_c, s_d, s_e, s_f, s_g, s_h = now.separator.gas
    v_a, v_b, v_c, v_d, v_e, v_f, v_g, v_h = now.header.gas
    return (
        stream.a * _RICH + o_a + recycle * s_a - feed * v_a,
        (stream.a + stream.d) * _REST + o_b + recycle * s_b - feed * v_b,
        o_c + recycle * s_c - feed * v_c,
        stream.d * _RICH + o_d + recycle * s_d - feed * v_d,
        stream.e * _RICH + o_e + recycle * s_e - feed * v_e,
        stream.e * _REST + o_f + recycle * s_f - feed * v_f,
        o_g + recycle * s_g - feed * v_g,
        o_h + recycle * s_h - feed * v_h,
        stream.a * _A_FEED_HEAT
        + stream.d * enthalpy(_D_FEED, outside.d_feed_c)
        + stream.e * _E_FEED_HEAT
        + column.overhead_heat
        + recycle * stream.recycle_enthalpy
        - feed * now.header.gas_enthalpy,
    )


def _water(x: Sequence[float], now: Algebra, outside: Boundary) -> tuple[float, float]:
    reactor_flow = x[47] * _REACTOR_WATER * _WATER_HEAT
    condenser_flow = x[48] * _CONDENSER_WATER * _WATER_HEAT
    reactor_heat = now.heats.reactor * _COIL_HEAT
    condenser_heat = now.heats.condenser * _COIL_HEAT
    return (
        (reactor_flow * (outside.reactor_water_c - x[36]) - reactor_heat) / _REACTOR_COIL,
        (condenser_flow * (outside.condenser_water_c - x[37]) - condenser_heat) / _CONDENSER_COIL,
    )
