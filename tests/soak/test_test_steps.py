"""A step of the set point tells a water valve that sticks from one that is stuck."""

import pytest

from handwheel.connectors.model.site import Site
from handwheel.sim_plant.scenario import FaultEvent

from ..evaluation.trial.test_test_steps import verdicts

pytestmark = pytest.mark.soak

FAULTS = {
    "water-valve-sticks": FaultEvent("F04", 60.0, {"s": 6.0, "j": 2.0}),
    "water-valve-stuck": FaultEvent("F05", 60.0),
}


@pytest.mark.parametrize("seed", range(11, 16))
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_fault_is_named_after_its_step(site: Site, fault: str, seed: int) -> None:
    assert await verdicts(site, seed, FAULTS[fault]) == ["abstain", "valve-step", fault]
