"""Balances of strainer, exchanger, tower and basin, which give the state of the water side."""

from collections.abc import Iterator

from handwheel.connectors.methods.heat_exchanger import fouling
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.cw100.state import SkidState

from ..measured import Measured
from .pumps import LEAST_FLOW

_MINUTES_S = 120.0
_TOWER_S = 300.0
_LEVEL_S = 600.0
_LEAST_LEAK = 0.15  # m3/h, beyond the error of the balance
_OPEN = 0.04  # share of its duty by which the exchanger's balance is open at least


def estimate(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets the water side from measurements, and yields what is taken for granted."""
    s.water.level_m = m.value("LT-101.pv") / 100.0 * k.BASIN_HEIGHT_M
    s.water.basin_c = m.value("TT-106.pv")
    s.product = m.value("FT-201.pv")
    s.hand_valves = {name: bool(m.now(f"{name}.pos")) for name in s.hand_valves}
    if s.flow < LEAST_FLOW:
        yield "The weather is usual and the basin tight, since no water flows."
    else:
        yield from _tower(s, m)
    yield from _exchanger(s, m)


def _exchanger(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets outlets and fouling. The outlets lag, so what they go towards is what balances."""
    shell = s.exchanger
    shell.product_out_c, shell.water_out_c = m.value("TT-202.pv"), m.value("TT-105.pv")
    s.water.return_c = shell.water_out_c - k.RETURN_LAG_S * m.slope("TT-105.pv", _MINUTES_S)
    hot_in, cold_in = m.mean("TT-201.pv", _MINUTES_S), m.mean("TT-106.pv", _MINUTES_S)
    hot_out, cold_out = (
        m.mean(tag, _MINUTES_S) + k.EXCHANGER_LAG_S * m.slope(tag, _MINUTES_S)
        for tag in ("TT-202.pv", "TT-105.pv")
    )
    product, water = m.mean("FT-201.pv", _MINUTES_S), m.mean("FT-103.pv", _MINUTES_S)
    if min(product, water) < LEAST_FLOW:
        yield "The exchanger is clean, since no heat flows that would tell."
        return
    hot_kw = k.PRODUCT_CAPACITY * product * (hot_in - hot_out)
    cold_kw = k.WATER_CAPACITY * water * (cold_out - cold_in)
    if abs(hot_kw - cold_kw) > _OPEN * abs(hot_kw):
        share = abs(hot_kw - cold_kw) / abs(hot_kw) * 100.0 if hot_kw else 100.0
        yield f"All transmitters of E-101 are right, though its heat balance is {share:.0f} % open."
    found = fouling(
        hot_flow=product, hot_in=hot_in, hot_out=hot_out, cold_flow=water, cold_in=cold_in,
        cold_out=cold_in + hot_kw / (k.WATER_CAPACITY * water),
        hot_heat_capacity=k.PRODUCT_DENSITY * k.PRODUCT_HEAT, area=k.AREA_M2,
        hot_film=k.HOT_FILM, hot_film_flow=40.0, cold_film=k.COLD_FILM, cold_film_flow=60.0,
    )  # fmt: skip
    shell.fouling = max(found or 0.0, 0.0)
    _flush(s, m)


def _flush(s: SkidState, m: Measured) -> None:
    """Sets a back-flush that is under way."""
    if not m.now("HV-107.pos"):
        return
    done_s = m.mean("HV-107.pos", k.FLUSH_S) * k.FLUSH_S
    s.exchanger.flush()
    s.exchanger.flush_s = max(k.FLUSH_S - done_s, k.STEP_S)
    left = max(s.exchanger.fouling - k.FLUSHED_FOULING, 0.0)
    s.exchanger.flush_rate = left / s.exchanger.flush_s


def _tower(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets the weather by the tower's effectiveness, and the leak by the balance of the basin."""
    flow, basin_c = m.mean("FT-103.pv", _TOWER_S), m.mean("TT-106.pv", _TOWER_S)
    makeup = k.MAKEUP_MAX * m.mean("LV-101.pos", _TOWER_S) / 100.0
    volume = k.BASIN_AREA_M2 * s.water.level_m
    warming = volume * m.slope("TT-106.pv", _TOWER_S) * 3600.0
    cold_c = basin_c + (warming - makeup * (k.MAKEUP_C - basin_c)) / flow
    return_c = m.mean("TT-105.pv", _TOWER_S)
    fan = m.mean("SC-106.pv", _TOWER_S) / 100.0
    effectiveness = 0.2 + 0.6 * fan**0.6
    s.water.wet_bulb_c = return_c - (return_c - cold_c) / effectiveness
    if not m.windows.spread("LT-101.pv", _LEVEL_S):
        yield "The basin does not leak, since its level stands as if it were frozen."
        return
    evaporation = k.EVAPORATION * flow * max(return_c - cold_c, 0.0)
    rise = k.BASIN_AREA_M2 * k.BASIN_HEIGHT_M * m.slope("LT-101.pv", _LEVEL_S) * 36.0
    fed = k.MAKEUP_MAX * m.mean("LV-101.pos", _LEVEL_S) / 100.0
    leak = fed - evaporation * 4.0 / 3.0 - rise
    s.leaks = dict.fromkeys(s.leaks, 0.0)
    if leak > _LEAST_LEAK:
        s.leaks["F09"] = min(leak, 100.0)
