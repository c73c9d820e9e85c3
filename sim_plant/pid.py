"""PI controller of the PLC in ISA form, with clamped anti-windup and bumpless transfer."""

from dataclasses import dataclass

MANUAL = 0
AUTO = 1


@dataclass(slots=True)
class LoopState:
    """State of a loop between scans.

    Attributes:
        mode: `MANUAL` or `AUTO`.
        setpoint: In the unit of the process value.
        output: Fraction 0..1 of the actuator's range.
        integral: Integral part of the output, fraction.
    """

    setpoint: float
    output: float
    integral: float
    mode: int = AUTO


@dataclass(frozen=True, slots=True)
class PI:
    """Tuning of one loop.

    Attributes:
        gain: Kc, fraction of output per fraction of span.
        integral_time_s: Ti in seconds.
        span: Width of the measuring range, in the unit of the process value.
        low: Lower output limit in auto, fraction.
        high: Upper output limit in auto, fraction.
        direct: True if the output rises with the process value.

    Source: the ISA standard form; integration stops at a limit unless the error drives back.
    """

    gain: float
    integral_time_s: float
    span: float
    low: float = 0.0
    high: float = 1.0
    direct: bool = False

    def step(self, state: LoopState, process_value: float, dt_s: float) -> float:
        """Runs one scan and returns the output (fraction 0..1).

        In manual the output stays as written, and the integral follows it, so
        that the change to auto is bumpless.
        """
        error = (state.setpoint - process_value) / self.span
        if self.direct:
            error = -error
        proportional = self.gain * error
        if state.mode == MANUAL:
            state.integral = state.output - proportional
            return state.output
        wanted = proportional + state.integral
        if (
            self.low < wanted < self.high
            or (wanted >= self.high and error < 0.0)
            or (wanted <= self.low and error > 0.0)
        ):
            state.integral += proportional * dt_s / self.integral_time_s
        state.output = min(max(wanted, self.low), self.high)
        return state.output
