"""Tennessee Eastman process without controllers, 50 states in Euler steps of 1 s.

Properties of the equations that are easy to get wrong:

1.  The order of the valves is XMV 1 = D, 2 = E, 3 = A, 4 = A+C. A comment in the
    original program says otherwise; its code and all published tables do not.
2.  The separator's energy balance loses the compressor work. The error is the
    original's and stays, or no published state is steady.
3.  Noise and disturbances draw from two independent streams, and disturbances move
    once a step, in the order of time. In the original both share a generator, so
    that results depend on the solver.
4.  One second is the right Euler step near the operating points: 0.5, 1 and 2 s give the
    same extremes. At 5 s the fastest valve lag, which is as long, breaks the run. Above
    135 degC in the reactor one second is unstable too, and shorter steps replace it.
5.  Flow loops of the published controllers integrate only: their reset time is 3.6 s.
6.  Analysers show a sample one period late, see `analysers`.
7.  A sticking valve has a dead band of 2 % on its command; the lag acts after it.
8.  Without control the plant trips within five hours, at a time that depends on numerics.

Source: Downs and Vogel, Comput. Chem. Eng. 17 (1993) 245; Ricker, Comput. Chem. Eng.
19 (1995) 949; Bathelt, Ricker and Jelali, IFAC ADCHEM 2015.
"""

from ...noise import NoiseBank
from .algebra import Algebra, solve
from .analysers import analysers
from .balances import derivatives
from .cost import operating_cost
from .measure import compositions, continuous
from .operating_points import operating_point
from .physics import constants as k
from .physics.boundary import Boundary, boundary
from .physics.disturbances import advance
from .physics.valves import follow
from .shutdown import shutdown
from .state import CONTINUOUS, VALVES, WATER, ProcessState

# Standard deviations of XMEAS 1 to 22, each in its own unit
_SIGMAS = (
    *(0.0012, 18.0, 22.0, 0.05, 0.2, 0.21, 0.3, 0.5, 0.01, 0.0017, 0.01),
    *(1.0, 0.3, 0.125, 1.0, 0.3, 0.115, 0.01, 1.15, 0.2, 0.01, 0.01),
)
_STEP_H = k.STEP_S / 3600.0
# Reactor temperatures, degC, above which a reactant is used up too fast for Euler steps of 1 s,
# and into how many steps a second is then divided
_SUB_STEPS = ((145.0, 40), (135.0, 10))


class Process:
    """The process, whose controllers run after each step.

    Args:
        seed: Of the measurement noise; `None` for none.
        mode: The steady state to start from: `base`, or an optimal mode `1` to `6`.
        walk_seed: Of the disturbances, which have their own stream.

    Attributes:
        state: As a snapshot holds it.

    Raises:
        KeyError: There is no such mode.
    """

    step_s = k.STEP_S

    def __init__(self, seed: int | None, mode: str = "base", walk_seed: int = 0) -> None:
        x = operating_point(mode)
        self.state = ProcessState(x, x[VALVES], x[VALVES])
        self._walk_seed = walk_seed
        self._noise = NoiseBank(seed, [f"XMEAS{i}" for i in range(1, CONTINUOUS + 1)])
        self._analysers = analysers(seed)
        outside = boundary(self.state.walks, self.state.idv)
        self._measure(solve(x, self.state.temperatures, outside))

    @property
    def time_s(self) -> float:
        """Time since the start, s."""
        return self.state.steps * k.STEP_S

    def cost(self) -> float:
        """Returns the operating cost in $/h, from the measurements and commands."""
        return operating_cost(self.state.xmeas, self.state.xmv)

    def step(self) -> None:
        """Measures the present instant, then advances by one second."""
        state = self.state
        advance(state.walks, state.idv, self.time_s / 3600.0, self._walk_seed)
        follow(state.held, state.xmv, state.idv)
        outside = boundary(state.walks, state.idv)
        now = solve(state.x, state.temperatures, outside)
        state.temperatures = now.temperatures
        self._measure(now)
        if not state.trip:
            state.trip = shutdown(now)
        if not state.trip:
            self._integrate(now, outside)
        state.steps += 1

    def _integrate(self, now: Algebra, outside: Boundary) -> None:
        """Advances the states by one second, from the algebra at its beginning."""
        state = self.state
        hot = now.reactor.temperature
        count = next((number for above_c, number in _SUB_STEPS if hot > above_c), 1)
        step_h = _STEP_H / count
        for done in range(count):
            if done:
                now = solve(state.x, now.temperatures, outside)
            rates = derivatives(state.x, state.held, now, outside)
            state.x = [value + step_h * rate for value, rate in zip(state.x, rates, strict=True)]

    def _measure(self, now: Algebra) -> None:
        state = self.state
        true = continuous(now, state.x[WATER])
        if state.steps == 0:
            state.xmeas = true + compositions(now)
            state.sampled = compositions(now)
            return
        noise = self._noise.row(state.steps)
        state.xmeas[:CONTINUOUS] = [
            value + sigma * normal
            for value, sigma, normal in zip(true, _SIGMAS, noise, strict=True)
        ]
        for analyser in self._analysers:
            if analyser.is_due(state.steps):
                analyser.sample(state, compositions(now))
