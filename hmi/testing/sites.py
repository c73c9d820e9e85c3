"""Sites of tests, found as the commands find one, else written for a model."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from handwheel.connectors.model.site import SITE_FILE, Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant

from ..site.files.site_template import PlantEndpoints, write_site

_VARIABLE = "HANDWHEEL_SITE"
_MODEL = "cw-100"  # of a site that nobody has named
_WRITTEN = pytest.StashKey[dict[str, Site]]()


def site_for(config: pytest.Config, path: Path, model: str) -> Site:
    """Returns the site of a test.

    Args:
        path: The test's file, above which a site is looked for.
        model: Plant of the site that is written if there is none; empty for `cw-100`.

    Raises:
        ConfigError: The site is not valid.
        ScenarioError: There is no such model.
    """
    if root := _found(path):
        return load_site(root)
    return _written(config, model or _MODEL)


def _found(path: Path) -> Path | None:
    if named := os.environ.get(_VARIABLE):
        return Path(named)
    return next((each for each in path.resolve().parents if (each / SITE_FILE).is_file()), None)


def _written(config: pytest.Config, model: str) -> Site:
    sites = config.stash.setdefault(_WRITTEN, {})
    if model not in sites:
        plant = create_plant(model)
        folder = TemporaryDirectory(prefix="handwheel-")
        config.add_cleanup(folder.cleanup)
        write_site(Path(folder.name) / model, plant, PlantEndpoints())
        sites[model] = load_site(Path(folder.name) / model)
    return sites[model]
