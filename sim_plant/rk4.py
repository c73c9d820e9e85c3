"""Classical Runge-Kutta method of fourth order, for the small plants."""

from collections.abc import Callable, Sequence


def rk4(
    rate: Callable[[Sequence[float]], Sequence[float]], state: Sequence[float], dt: float
) -> list[float]:
    """Returns the state after one step of `dt`, in the time unit of the derivative `rate`.

    Source: any textbook, such as Press et al., Numerical Recipes, 17.1.
    """
    first = rate(state)
    second = rate([x + 0.5 * dt * d for x, d in zip(state, first, strict=True)])
    third = rate([x + 0.5 * dt * d for x, d in zip(state, second, strict=True)])
    fourth = rate([x + dt * d for x, d in zip(state, third, strict=True)])
    return [
        x + dt / 6.0 * (a + 2.0 * (b + c) + d)
        for x, a, b, c, d in zip(state, first, second, third, fourth, strict=True)
    ]
