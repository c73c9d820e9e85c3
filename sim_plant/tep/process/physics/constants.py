"""Constants of the Tennessee Eastman process, as the problem statement gives them.

Components are A to H: A, B and C are gases, D to H condense. Amounts are lb-mol,
volumes ft3, pressures mmHg, time h, energies 1e6 Btu, temperatures degC. Rows of
three are the constant, linear and quadratic coefficient of a polynomial in degC.

Source: Downs and Vogel, Comput. Chem. Eng. 17 (1993) 245; values as in Bathelt, Ricker
and Jelali, IFAC ADCHEM 2015.
"""

STEP_S = 1.0
KELVIN = 273.15

MOLAR_MASS = (2.0, 25.4, 28.0, 32.0, 46.0, 48.0, 62.0, 76.0)

# D to H: ln(p/mmHg) = a + b/(T + c)
ANTOINE = (
    (15.92, -1444.0, 259.0),
    (16.35, -2114.0, 265.5),
    (16.35, -2114.0, 265.5),
    (16.43, -2748.0, 232.9),
    (17.21, -3318.0, 249.6),
)

# lb/ft3; A, B and C dissolve in the stripper's liquid with a placeholder
LIQUID_DENSITY = (
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (23.3, -0.0700, -2.00e-4),
    (33.9, -0.0957, -1.52e-4),
    (32.8, -0.0995, -2.33e-4),
    (49.9, -0.0191, -4.25e-4),
    (50.5, -0.0541, -1.50e-4),
)

# Heat capacities, 1e-6 in the units of the original, times HEAT_FACTOR
HEAT_FACTOR = 1.8
LIQUID_HEAT = (
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (0.960, 8.70e-3, 4.81e-5),
    (0.573, 2.41e-3, 1.82e-5),
    (0.652, 2.18e-3, 1.94e-5),
    (0.515, 5.65e-4, 3.82e-6),
    (0.471, 8.70e-4, 2.62e-6),
)
GAS_HEAT = (
    (3.411, 7.18e-4, 6.00e-7),
    (0.3799, 1.08e-3, -3.98e-7),
    (0.2491, 1.36e-5, -3.93e-8),
    (0.3567, 8.51e-4, -3.12e-7),
    (0.3463, 8.96e-4, -3.27e-7),
    (0.3930, 1.02e-3, -3.12e-7),
    (0.170, 0.0, 0.0),
    (0.150, 0.0, 0.0),
)
VAPORISATION = (1.0, 1.0, 1.0, 86.7, 160.0, 160.0, 225.0, 209.0)

# Vessels, ft3; the stripper's volume is only the span of its level
REACTOR_VOLUME = 1300.0
SEPARATOR_VOLUME = 3500.0
HEADER_VOLUME = 5000.0
FT3_PER_M3 = 35.3145

ATMOSPHERE = 760.0  # mmHg
KPA_PER_MMHG = 101.325 / 760.0

GAS_CONSTANT = 998.9  # mmHg ft3/(lb-mol K)
GAS_CONSTANT_HEAT = 3.57696e-6  # 1e6 Btu/(lb-mol K)
GAS_CONSTANT_CALORIES = 1.987  # cal/(mol K), in the rate constants

# Valves: flow at 100 %, lb-mol/h, and time constants of XMV 1 to 12, s
D_FEED_MAX = 400.0
E_FEED_MAX = 400.0
A_FEED_MAX = 100.0
AC_FEED_MAX = 1500.0
UNDERFLOW_MAX = 1500.0
PRODUCT_MAX = 1000.0
STEAM_MAX = 0.03  # 1e6 Btu/(h K)
REACTOR_WATER_MAX = 1000.0
CONDENSER_WATER_MAX = 1200.0
VALVE_LAGS_S = (8.0, 8.0, 6.0, 9.0, 7.0, 5.0, 5.0, 5.0, 120.0, 5.0, 5.0, 5.0)

# Streams 1 to 3: share of the main component, the rest is B (A and D feed) or F (E feed)
FEED_PURITY = 0.9999
FEED_C = 45.0
