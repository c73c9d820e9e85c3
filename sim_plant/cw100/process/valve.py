"""Control valve and actuator with lag and stiction."""

from dataclasses import dataclass
from math import copysign

from . import constants as k


@dataclass(slots=True)
class ValveState:
    """Openings and signals as fractions 0..1."""

    position: float  # of the stem
    is_stuck: bool = False  # it does not move at all
    band: float = 0.0  # S, the stick band plus the dead band; 0 moves freely
    slip: float = 0.0  # J, by how much it jumps when it comes loose
    signal: float = 0.0  # the controller's output at the last step
    target: float = 0.0  # position that the stem moves to with the lag
    residual: float = 0.0  # movement of the signal that the stem has not followed yet

    def stick(self, band: float, slip: float, signal: float) -> None:
        """Sets the stiction of the valve, which starts from its present position."""
        if not self.band:
            self.signal, self.target, self.residual = signal, self.position, signal - self.position
        self.band, self.slip = band, slip

    def repair(self) -> None:
        """Renews packing and actuator."""
        self.is_stuck, self.band, self.slip = False, 0.0, 0.0


def drive(valve: ValveState, signal: float, dt_s: float) -> None:
    """Moves the valve by one step towards its controller's output."""
    if valve.band:
        signal = _sticky(valve, signal)
    if not valve.is_stuck:
        valve.position += dt_s / k.VALVE_LAG_S * (signal - valve.position)


def _sticky(valve: ValveState, signal: float) -> float:
    """Returns the target of a sticking stem. Source: He, Wang, Pottmann and Qin 2007."""
    pushed = valve.residual + signal - valve.signal
    valve.signal = signal
    if abs(pushed) <= 0.5 * (valve.band + valve.slip):
        valve.residual = pushed
        return valve.target
    valve.residual = copysign(0.5 * (valve.band - valve.slip), pushed)
    valve.target = min(max(valve.target + pushed - valve.residual, 0.0), 1.0)
    return valve.target
