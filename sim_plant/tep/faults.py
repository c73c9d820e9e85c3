"""The disturbances IDV 1 to 20, and the general faults of transmitters.

IDV 3, 9 and 15 are decoys without symptoms.

Source: Downs and Vogel 1993, table 8; the meanings of 16 to 20 after
Bathelt, Ricker and Jelali, IFAC ADCHEM 2015.
"""

from collections.abc import Mapping

from ..model import FaultKind
from ..sensor_faults import sensor_faults
from .instruments.measurements import SENSORS

_RIDES = "nothing: the loops hold it"
_WATCH = "watch the pressure; nothing while the loops hold it"
_NOTHING = "nothing to be seen"

# Title, how it shows, what the right answer is; IDV 1 to 20 in their order
_DISTURBANCES: tuple[tuple[str, str, str], ...] = (
    (
        "A/C ratio of stream 4, step",
        "FIC-1001.op rises to 75 %, AIC-A.pv departs for hours, pressure falls and comes back",
        _RIDES,
    ),
    ("B in stream 4, step", "the purge valve opens from 40 to 77 %", _RIDES),
    ("D feed temperature, step", _NOTHING, _RIDES),
    (
        "reactor cooling-water inlet temperature, step",
        "TIC-1101.op rises from 41 to 45 %, the temperature jumps by 0.6 degC",
        _RIDES,
    ),
    (
        "condenser cooling-water inlet temperature, step",
        "TIC-1301.op rises from 18 to 21 %",
        _RIDES,
    ),
    (
        "A feed lost, step",
        "FI-1001 is 0 at once, FIC-1001.op winds up; LAL-1501 after 3 h, pressure only after 6 h",
        "within 6 h: AIC-A to manual, RATIO-1 to 0, what it had to RATIO-4; production to 20.8",
    ),
    (
        "C header pressure, a fifth of stream 4 lost, step",
        "FIC-1004.op rises from 61 to 77 %",
        _RIDES,
    ),
    (
        "composition of stream 4, random",
        "FIC-1001.op, gas analyses and pressure wander, stripper level at times low",
        _WATCH,
    ),
    ("D feed temperature, random", _NOTHING, _RIDES),
    ("C feed temperature, random", "TI-1501 wanders", _RIDES),
    (
        "reactor cooling-water inlet temperature, random",
        "reactor temperature and TIC-1101.op wander",
        _RIDES,
    ),
    (
        "condenser cooling-water inlet temperature, random",
        "separator temperature and TIC-1301.op wander",
        _RIDES,
    ),
    (
        "reaction kinetics, slow drift",
        "pressure wanders by 100 kPa and more, stripper level low and high",
        _WATCH,
    ),
    (
        "reactor cooling-water valve sticks",
        "the reactor temperature saws by 0.3 degC",
        "work order for V-1101",
    ),
    ("condenser cooling-water valve sticks", _NOTHING, _RIDES),
    ("stripper heat transfer, random", "steam flow and TI-1501 wander", _RIDES),
    (
        "reactor heat transfer, episodes",
        "TI-1102 jumps; the reactor temperature falls by up to 2 degC when an episode ends",
        _WATCH,
    ),
    (
        "condenser heat transfer, episodes",
        "TI-1201 jumps, the separator temperature follows",
        _WATCH,
    ),
    (
        "valves of recycle, separator, product and steam stick",
        "FIC-1301.op and FIC-1501.op saw widely, their flows hardly",
        "work order for V-1301 and V-1501",
    ),
    (
        "flow between reactor and separator, episodes",
        "separator pressure and temperature move, the reactor pressure less",
        _WATCH,
    ),
)
_INVISIBLE = frozenset({3, 9, 15})

IDV_OF_FAULT: Mapping[str, int] = {f"IDV{n}": n for n in range(1, len(_DISTURBANCES) + 1)}

FAULTS: dict[str, FaultKind] = {
    name: FaultKind(name, *_DISTURBANCES[number - 1], is_decoy=number in _INVISIBLE)
    for name, number in IDV_OF_FAULT.items()
} | sensor_faults(SENSORS)
