"""Constants of the cooling-water skid.

Heads are metres of water column above the basin's floor, flows m3/h,
temperatures degC, levels m; `x` and other openings are fractions 0..1.

Source: White, Fluid Mechanics, ch. 11 (pumps, NPSH); IEC 60534 (valve sizing);
Incropera, ch. 11 (effectiveness-NTU); Merkel-type tower effectiveness; the sizes are own.
"""

STEP_S = 0.5

# Water and product
WATER_DENSITY = 998.0  # kg/m3
GRAVITY = 9.81  # m/s2
WATER_HEAT = 4.18  # kJ/kgK
PRODUCT_DENSITY = 850.0  # kg/m3
PRODUCT_HEAT = 2.3  # kJ/kgK
PRODUCT_INLET_C = 80.0
KPA_PER_M = WATER_DENSITY * GRAVITY / 1000.0  # 9.790
WATER_CAPACITY = WATER_DENSITY * WATER_HEAT / 3600.0  # kW/K per m3/h
PRODUCT_CAPACITY = PRODUCT_DENSITY * PRODUCT_HEAT / 3600.0  # kW/K per m3/h

# Pumps
SHUTOFF_HEAD_M = 50.0
RATED_FLOW = 50.0
PUMP_CURVE = 10.0 / RATED_FLOW**2  # m/(m3/h)2
SPEED_RATE = 0.10  # fraction of full speed per second, up and down
TURNING = 0.05  # speed above which a pump counts as running
HEALTHY_DAMAGE = 0.01
AMBIENT_C = 25.0
AMPERE_PER_KW = 1000.0 / (3.0**0.5 * 400.0 * 0.85 * 0.9)

# Piping, strainer, control valve
STATIC_HEAD_M = 8.0
RISER = 10.0 / RATED_FLOW**2  # m/(m3/h)2
CLEAN_STRAINER = 0.8 / RATED_FLOW**2  # m/(m3/h)2
MOST_PLUG = 35.0  # loss against a clean strainer; from 40 on a cavitating pump chatters each second
SUCTION_M = 9.98  # atmosphere less vapour pressure, which the suction has besides the level
VALVE_KV = 130.0
VALVE_RANGEABILITY = 50.0
SHUT_VALVE_KV = 0.13
HEAD_PER_BAR = 1e5 / (WATER_DENSITY * GRAVITY)

# Exchanger
AREA_M2 = 40.0
HOT_FILM = 800.0  # W/m2K at 40 m3/h
COLD_FILM = 3500.0  # W/m2K at 60 m3/h
EXCHANGER_LAG_S = 60.0
FLUSHED_FOULING = 0.5e-4  # m2K/W: what a back-flush leaves
FLUSH_S = 1800.0

# Tower and basin
RETURN_LAG_S = 20.0
WET_BULB_C = 18.0  # weather without D02
EVAPORATION = 0.00153  # m3/h per m3/h and K of range
BASIN_AREA_M2 = 7.069
BASIN_HEIGHT_M = 3.0
MIN_LEVEL_M = 0.02
MAX_LEVEL_M = 2.91
MAKEUP_MAX = 8.0  # m3/h
MAKEUP_C = 15.0

# Actuators
FAN_LAG_S = 10.0
VALVE_LAG_S = 3.0
PRODUCT_LAG_S = 4.0
PRODUCT_MAX = 60.0  # m3/h
PRODUCT_USUAL = 40.0  # m3/h
