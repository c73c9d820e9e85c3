"""PI controller of the PLC in ISA form, with clamped anti-windup and bumpless transfer."""

from dataclasses import dataclass

MANUAL = 0
AUTO = 1


@dataclass(slots=True)
class LoopState:
    """State of a loop between scans."""

    setpoint: float  # in the unit of the process value
    output: float  # fraction 0..1 of the actuator's range
    integral: float  # integral part of the output, fraction
    mode: int = AUTO  # `MANUAL` or `AUTO`


@dataclass(frozen=True, slots=True)
class PI:
    """Tuning of one loop.

    Source: the ISA standard form; integration stops at a limit unless the error drives back.
    """

    gain: float  # Kc, fraction of output per fraction of span
    integral_time_s: float  # Ti in seconds
    span: float  # width of the measuring range, in the unit of the process value
    low: float = 0.0  # lower output limit in auto, fraction
    high: float = 1.0  # upper output limit in auto, fraction
    direct: bool = False  # true if the output rises with the process value

    def step(self, state: LoopState, process_value: float, dt_s: float) -> float:
        """Runs one scan and returns the output (fraction 0..1).

        In manual it stays as written, and the integral follows, so that the change to auto is
        bumpless.
        """
        error = (state.setpoint - process_value) / self.span
        if self.direct:
            error = -error
        proportional = self.gain * error
        if state.mode == MANUAL:
            state.integral = state.output - proportional
            return state.output
        low, high = self.low, self.high
        wanted = proportional + state.integral
        if (
            low < wanted < high
            or (wanted >= high and error < 0.0)
            or (wanted <= low and error > 0.0)
        ):
            state.integral += proportional * dt_s / self.integral_time_s
        state.output = wanted if low < wanted < high else min(max(wanted, low), high)
        return state.output
