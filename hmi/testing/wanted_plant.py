"""Plant that a test asks for by its marker."""

from dataclasses import dataclass

import pytest

from handwheel.connectors.model.site import Site
from handwheel.evaluation.plants.site_plant import model_of
from handwheel.evaluation.playbook_tests.engine import Setup

SPEED = 10.0
"""Plant seconds per second of a test whose plant has a process, if it says nothing else."""
_KEYS = ("model", "seed", "speed")


@dataclass(frozen=True, slots=True)
class WantedPlant:
    """Arguments of the marker `plant`."""

    model: str = ""  # empty for the site's
    seed: int | None = 1  # of its noise; `None` for none
    speed: float = SPEED  # plant seconds per second, where it has a process


def wanted_plant(node: pytest.Item) -> WantedPlant:
    """Returns what the nearest marker of a test says. With a wrong one the test fails."""
    marker = node.get_closest_marker("plant")
    if marker is None:
        return WantedPlant()
    if marker.args or marker.kwargs.keys() - set(_KEYS):
        pytest.fail(f"the marker plant takes {', '.join(_KEYS)} by name", pytrace=False)
    return WantedPlant(**marker.kwargs)


def setup_for(site: Site, wanted: WantedPlant) -> Setup:
    """Returns what the fixtures of a test need."""
    return Setup(site, wanted.model or model_of(site), wanted.seed)
