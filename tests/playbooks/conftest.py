"""A site of the simulated plant, for playbooks that are only read."""

import pytest

from handwheel.connectors.model.site import Site
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ..plants.served import site_of


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("site"), PlantEndpoints(1, 2, gate=3))
