import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root = tmp_path_factory.mktemp("site") / "cw"
    write_site(root, create(None), PlantEndpoints())
    return load_site(root)
