"""Field actions on the skid."""

from ...errors import WrongState
from ..control import interlocks
from ..process import pump
from ..state import LEAKS, SkidState


def do(s: SkidState, action: str) -> None:
    """Carries out one of `FIELD_ACTIONS`. Raises `WrongState` if the pump is not repaired now."""
    verb, _, name = action.partition("-")
    match verb:
        case "clean":
            s.strainer_plug = 1.0
        case "reset":
            s.interlocks.is_process_tripped = False
            s.interlocks.key_s = interlocks.KEY_SHOWS_FOR_S
        case "local":
            s.pumps[name].mode = pump.LOCAL
        case "remote":
            s.pumps[name].mode = pump.REMOTE
        case "back":
            s.exchanger.flush()
        case "open" | "close":
            _turn(s, name, is_open=verb == "open")
        case "calibrate":
            s.sensors[name].calibrate()
        case "replace":
            s.sensors[name].replace()
        case "repair":
            _repair(s, name)
        case _:
            raise KeyError(action)


def _turn(s: SkidState, valve: str, *, is_open: bool) -> None:
    if valve in s.hand_valves:
        s.hand_valves[valve] = is_open
    elif is_open:
        s.exchanger.flush()
    else:
        s.exchanger.flush_s = 0.0


def _repair(s: SkidState, name: str) -> None:
    if name in s.valves:
        s.valves[name].repair()
    elif name == "fan":
        s.water.fan_lost = 0.0
    elif name == "non-return-valve":
        s.passing = 0.0
    elif name == "leak":
        s.leaks = dict.fromkeys(LEAKS, 0.0)
    else:
        repaired = s.pumps[name]
        if repaired.is_running or repaired.run_command:
            raise WrongState(f"{name} is running or has a run command")
        repaired.repair()
