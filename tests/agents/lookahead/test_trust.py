"""Trust in a twin, and the process that it works in."""

import os
import time
from collections.abc import Callable

import pytest

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.trust import TwinTrust
from handwheel.agents.lookahead.twin import Course, TwinError
from handwheel.agents.lookahead.twin_process import TwinProcess
from handwheel.connectors.model.site import Site

from .lines import PRESSURE, read

SP = "FIC-201.sp"


def _trust(
    site: Site, pressure: Callable[[float], float], sp: Callable[[float], float]
) -> TwinTrust:
    """Trust after a check that foretold 300 kPa, from 600 s to 1200 s."""
    trust = TwinTrust(site.tags, frozenset({SP}))
    windows = Windows([PRESSURE, SP])
    for n in range(250):
        at_s = 5.0 * n
        windows.observe({PRESSURE: read(pressure(at_s)), SP: read(sp(at_s))}, at_s)
        if at_s == 600.0:
            trust.begin(Course([0.0, 300.0, 600.0], {PRESSURE: [300.0] * 3}), at_s)
        trust.compare(windows)
    return trust


def test_the_residual_is_a_share_of_the_range_and_unknown_before_three_checks(
    agents_site: Site,
) -> None:
    low, high = agents_site.tags[PRESSURE].span or (0.0, 0.0)
    share = 12.0 / (high - low)
    found = _trust(agents_site, lambda _: 312.0, lambda _: 60.0)
    assert found.residual is None
    found.note({PRESSURE: 1.0}, 1200.0 + 0.1 * 86400.0)
    found.note({PRESSURE: 0.001}, 1200.0 + 0.2 * 86400.0)
    assert found.residual == pytest.approx(share)  # the median
    for day in (3.0, 3.1, 3.2):  # only the last day counts
        found.note({PRESSURE: 0.5}, day * 86400.0)
    assert found.residual == 0.5


def test_nothing_is_compared_where_somebody_wrote_meanwhile(agents_site: Site) -> None:
    def written(at_s: float) -> float:
        return 60.0 if at_s < 900.0 else 50.0

    def moving(at_s: float) -> float:
        """A controller moves its output all the time, which is no write."""
        return 60.0 + at_s * 0.01

    for course, is_compared in ((written, False), (moving, True)):
        found = _trust(agents_site, lambda _: 300.0, course)
        found.note({PRESSURE: 0.0}, 1300.0)
        found.note({PRESSURE: 0.0}, 1400.0)
        assert (found.residual is not None) == is_compared


async def test_a_twin_that_hangs_is_left_alone_and_one_that_ends_is_started_again() -> None:
    hanging, dying = TwinProcess("slow", limit_s=0.1), TwinProcess("dead")
    try:
        with pytest.raises(
            TwinError, match=r"^slow: it took more than 0\.1 s, so its process was ended"
        ):
            await hanging.run(time.sleep, 1e6)
        with pytest.raises(TwinError, match=r"^slow: it took too long, and is asked again in "):
            await hanging.run(abs, -3)  # no case waits for it again at once
        with pytest.raises(TwinError, match=r"^dead: its process has ended"):
            await dying.run(os._exit, 3)
        assert await dying.run(abs, -3) == 3
        with pytest.raises(TwinError, match="ValueError"):
            await dying.run(int, "three")
    finally:
        hanging.close()
        dying.close()
