"""Search for set points of least cost, and the gain that came of them."""

from collections.abc import Sequence

import pytest

from handwheel.agents.advice.promise import MeasuredCost, Promise
from handwheel.agents.advice.search import MOST, Values, least_cost, mean_cost
from handwheel.agents.lookahead.twin import Course, TwinError
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.playbooks.binding.advice import Advice
from handwheel.tools.conditions import parse_expression

BANDS = [(330.0, 370.0), (24.0, 28.0)]
START = (350.0, 26.0)
POWER = Tag("JT.pv", "dcs", "float", NodeAddress("x"), "kW")
ADVICE = Advice(parse_expression("2 * JT.pv", {"JT.pv": POWER}), (), 600.0, 0.1, 3600.0)


async def test_search_finds_the_least_cost_within_its_predictions() -> None:
    asked: list[Values] = []

    async def cost(values: Values) -> float | None:
        asked.append(values)
        header, basin = values
        return (header - 337.0) ** 2 / 400.0 + (basin - 26.9) ** 2

    best, found, count = await least_cost(BANDS, START, cost)
    assert best == pytest.approx((337.0, 26.9), abs=1.0)
    assert found < 0.05
    assert count == len(asked) == len(set(asked)) <= MOST
    assert all(low <= each[n] <= high for each in asked for n, (low, high) in enumerate(BANDS))


async def test_search_rounds_into_bands_that_begin_anywhere() -> None:
    asked: list[Values] = []

    async def cost(values: Values) -> float | None:
        asked.append(values)
        return values[0]

    best, _, _ = await least_cost([(327.3, 367.3)], (347.3,), cost)
    assert best == (328.0,)
    assert max(asked) == (367.0,)


async def test_search_never_returns_what_is_not_allowed() -> None:
    async def cost(values: Values) -> float | None:
        return values[0] if values[0] >= 341.0 else None

    best, _, _ = await least_cost(BANDS, START, cost)
    assert best is not None
    assert 341.0 <= best[0] < 346.0

    async def never(_: Values) -> float | None:
        return None

    assert (await least_cost(BANDS, START, never))[0] is None


def test_mean_cost_counts_by_time_and_is_unknown_without_a_tag() -> None:
    assert mean_cost(ADVICE, Course((0.0, 10.0, 40.0), {"JT.pv": (1.0, 3.0, 3.0)})) == 5.5
    with pytest.raises(TwinError, match=r"it does not tell JT\.pv"):
        mean_cost(ADVICE, Course((0.0, 10.0), {"IT.pv": (1.0, 3.0)}))


def _measured(values: Sequence[float | None]) -> float | None:
    cost = MeasuredCost(ADVICE)
    for n, value in enumerate(values):
        read = {} if value is None else {"JT.pv": DataValue(value, GOOD, None, None, 0.0)}
        cost.observe(read, n * 10.0)
    return cost.mean()


def test_measured_cost_is_known_once_the_horizon_is_covered() -> None:
    assert _measured([1.0] * 30) is None
    assert _measured([9.0] * 60 + [1.0] * 61) == 2.0
    assert _measured([1.0] * 20 + [None] * 20 + [1.0] * 21) is None


def test_promise_that_does_not_come_twice_ends_the_advice() -> None:
    promise = Promise("C-1", "cw/energy-advice", 0.4, 6.4, "")
    kept = promise.measured(ADVICE, 6.1, 1)
    assert (kept["is_kept"], kept["short"]) == (True, 0)
    assert kept["text"] == "promised 0.4 kW, measured 0.3 kW: 6.4 before, 6.1 after"
    first, second = (promise.measured(ADVICE, 6.3, short) for short in (0, 1))
    assert (first["short"], second["short"]) == (1, 2)
    assert "nothing more is asked for" in str(second["text"])
    assert "nothing more is asked for" not in str(first["text"])
