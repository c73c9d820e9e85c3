"""Return line, cooling tower and basin."""

from dataclasses import dataclass

from . import constants as k


@dataclass(slots=True)
class WaterState:
    """Level in m, temperatures in degC, the fan drive's speed as a fraction."""

    level_m: float = 2.1
    basin_c: float = 26.0
    return_c: float = 42.4
    fan: float = 0.64
    wet_bulb_c: float = k.WET_BULB_C  # lowest temperature that the tower can reach in this weather
    fan_lost: float = 0.0  # share of its speed that the fan lacks behind its coupling, 0..1

    @property
    def fan_speed(self) -> float:
        """Speed of the fan itself, a fraction."""
        return self.fan * (1.0 - self.fan_lost)


def advance(
    water: WaterState, flow: float, outlet_c: float, makeup: float, leak: float, dt_s: float
) -> None:
    """Advances return line, tower and basin by one step, with flows in m3/h.

    `outlet_c` is that of water leaving the exchanger (TT-105), `leak` the loss from the basin.

    Source: tower effectiveness of Merkel type; evaporation over the tower's own range, none
    of water that the air warms; blow-down at four cycles of concentration.
    """
    water.return_c += dt_s * (outlet_c - water.return_c) / k.RETURN_LAG_S
    effectiveness = 0.2 + 0.6 * water.fan_speed**0.6
    cold_c = water.return_c - effectiveness * (water.return_c - water.wet_bulb_c)
    evaporation = k.EVAPORATION * flow * max(water.return_c - cold_c, 0.0)
    net = makeup - evaporation - evaporation / 3.0 - leak
    hours = dt_s / 3600.0
    volume = k.BASIN_AREA_M2 * water.level_m
    mixing = flow * (cold_c - water.basin_c) + makeup * (k.MAKEUP_C - water.basin_c)
    water.basin_c += hours * mixing / volume
    level = water.level_m + hours * net / k.BASIN_AREA_M2
    water.level_m = min(max(level, k.MIN_LEVEL_M), k.MAX_LEVEL_M)
