"""Faults, decoys and field actions of the cooling-water skid."""

from ...model import ChoiceParameter, FaultKind, Number
from ...sensor_faults import sensor_faults
from ..process import constants as k
from ..sensors import SENSORS

_PUMP = ChoiceParameter("P-101A", ("P-101A", "P-101B"), "the pump")
_STANDBY = ChoiceParameter("P-101B", _PUMP.words, _PUMP.meaning)

_PUMP_FAULTS = (
    FaultKind(
        "F01", "bearing wear",
        symptoms="vibration and bearing temperature rise; strainer and header are steady",
        response="planned change-over and a work order",
        parameters={
            "pump": _PUMP,
            "d0": Number(0.02, 0.01, 1.5, "damage at onset, healthy is 0.01"),
            "tau": Number(3600.0, 60.0, 1e8, "time constant of its growth, s"),
        },
    ),
    FaultKind(
        "F02", "strainer plugged",
        symptoms="PDT-101 high, current low for its speed, PT-102 noisy once the pump cavitates",
        response="clean the strainer; a change-over makes the standby cavitate too",
        parameters={
            "plug": Number(28.0, 1.0, k.MOST_PLUG, "loss against a clean strainer; 28 cavitates")
        },
    ),
)  # fmt: skip
_EXCHANGER_FAULTS = (
    FaultKind(
        "F03", "exchanger fouled",
        symptoms="E-101's Rf is high; raw U says little, for it rises with the flow",
        response="cut the load, then back-flush; the speed is saturated, pressure cannot help",
        parameters={
            "rf": Number(3.5e-4, 0.0, 0.01, "fouling, or where it goes, m2K/W"),
            "tau": Number(0.0, 0.0, 1e8, "time constant of its growth, s; 0 is at once"),
        },
    ),
    FaultKind(
        "F04", "water valve sticks and slips",
        symptoms="TIC-202's output goes up and down, TV-202 follows in jumps, TT-202 swings",
        response="a work order for the valve; detune, never tune harder",
        parameters={
            "s": Number(5.0, 0.0, 50.0, "stick band and dead band, % of travel"),
            "j": Number(2.0, 0.0, 50.0, "slip jump, % of travel"),
        },
    ),
    FaultKind(
        "F05", "water valve stuck",
        symptoms="TV-202 does not follow TIC-202's output",
        response="cut the load; a work order",
    ),
)  # fmt: skip
_BASIN_FAULTS = (
    FaultKind(
        "F06", "level frozen over a leak",
        symptoms="LT-101 without noise at a good quality; the mass balance does not close",
        response="make-up by hand and a look in the field; do not trust LT-101",
        parameters={"leak": Number(2.0, 0.0, 20.0, "loss from the basin, m3/h")},
    ),
    FaultKind(
        "F07", "level reads high",
        symptoms="a long mass balance does not close",
        response="a work order: calibrate LT-101",
        parameters={"bias": Number(10.0, -100.0, 100.0, "error of LT-101, %")},
    ),
    FaultKind(
        "F08", "product temperature reads low",
        symptoms="the heat balance is open by an eighth, and Rf is negative, which cannot be",
        response="TIC-202 to manual; calibrate TT-202",
        parameters={"bias": Number(-4.0, -50.0, 0.0, "error of TT-202, degC")},
    ),
    FaultKind(
        "F08b", "product temperature reads high",
        symptoms="looks like fouling, but the heat balance does not close",
        response="calibrate TT-202; there is nothing to clean",
        parameters={"bias": Number(4.0, 0.0, 50.0, "error of TT-202, degC")},
    ),
    FaultKind(
        "F09", "basin leaks",
        symptoms="make-up is more than evaporation and blow-down explain",
        response="find the leak; emergency make-up; cut the load",
        parameters={"leak": Number(3.0, 0.0, 20.0, "loss from the basin, m3/h")},
    ),
)  # fmt: skip
_DRIVE_FAULTS = (
    FaultKind(
        "F10", "electrical trip",
        symptoms="a pump trips with cause 8; I-03 starts the standby",
        response="a work order; never a restart of the tripped pump",
        parameters={"pump": _PUMP},
    ),
    FaultKind(
        "F10b", "electrical trip, no standby",
        symptoms="P-101A trips with cause 8 while P-101B is in maintenance; the water stops",
        response="nothing helps in time: keep the standby in order",
    ),
    FaultKind(
        "F11", "non-return valve passes",
        symptoms="more speed and current for the same flow and pressure",
        response="a work order for the valve of P-101B",
        parameters={"k_nrv": Number(2.0, 0.0, 20.0, "flow back, m3/h per square root of m")},
    ),
    FaultKind(
        "F12", "tower fan fails",
        symptoms="SC-106 falls away from TIC-106's output, the basin warms up",
        response="cut the load by 30 %; more water does not cool",
    ),
    FaultKind(
        "F13", "make-up valve stuck",
        symptoms="LV-101 does not follow LIC-101's output",
        response="a work order",
    ),
    FaultKind(
        "F14", "impeller worn",
        symptoms="more speed for the same flow at little more current",
        response="plan an overhaul",
        parameters={"pump": _PUMP, "w": Number(0.85, 0.1, 1.0, "share of the head that is left")},
    ),
    FaultKind(
        "F15", "link to the pumps' package down",
        symptoms="the package's tags go stale; nothing else changes",
        response="hold: no action on what cannot be seen",
        parameters={"outage": Number(120.0, 0.5, 1e8, "how long, s")},
    ),
    FaultKind(
        "F16", "pump does not start",
        symptoms="the run command reads back, the pump stays stopped; trip with cause 9 after 10 s",
        response="hold, take the command back, keep the duty pump",
        parameters={"pump": _STANDBY},
    ),
)  # fmt: skip
_DECOYS = (
    FaultKind(
        "D01", "load up",
        symptoms="FT-201 is higher; the exchanger is clean",
        response="nothing",
        parameters={"load": Number(46.0, 0.0, 60.0, "product flow, m3/h")},
        is_decoy=True,
    ),
    FaultKind(
        "D02", "wet bulb up",
        symptoms="the fan runs full and the basin is warmer; the weather is",
        response="nothing",
        parameters={"twb": Number(24.0, -20.0, 40.0, "wet-bulb temperature, degC")},
        is_decoy=True,
    ),
)  # fmt: skip

FAULTS: dict[str, FaultKind] = {
    fault.id: fault
    for fault in (
        *_PUMP_FAULTS, *_EXCHANGER_FAULTS, *_BASIN_FAULTS, *_DRIVE_FAULTS, *_DECOYS,
    )
} | sensor_faults(SENSORS)  # fmt: skip

FIELD_ACTIONS: dict[str, str] = {
    "clean-strainer": "clean the strainer S-101 (on line)",
    "reset-process": "turn the field key HS-201: resets I-06",
    "repair-P-101A": "new bearing, impeller, drive and starter for P-101A",
    "repair-P-101B": "new bearing, impeller, drive and starter for P-101B",
    "local-P-101A": "turn P-101A's switch to local",
    "local-P-101B": "turn P-101B's switch to local",
    "remote-P-101A": "turn P-101A's switch to remote",
    "remote-P-101B": "turn P-101B's switch to remote",
    "back-flush-E-101": "open the HV-107 set for 30 min: cleans E-101 in service",
    "open-HV-105": "open the water inlet of E-101",
    "close-HV-105": "shut the water inlet of E-101: no cooling",
    "open-HV-106": "open the water outlet of E-101",
    "close-HV-106": "shut the water outlet of E-101: no cooling",
    "open-HV-107": "the same as back-flush-E-101",
    "close-HV-107": "end the back-flush early",
    "repair-TV-202": "new packing and actuator for the water valve",
    "repair-LV-101": "new packing and actuator for the make-up valve",
    "repair-fan": "repair the tower's fan",
    "repair-non-return-valve": "new non-return valve for P-101B",
    "repair-leak": "find the basin's leak and close it",
    **{f"calibrate-{each.name}": f"calibrate {each.name}" for each in SENSORS},
    **{f"replace-{each.name}": f"put in a new {each.name}, calibrated" for each in SENSORS},
}
