"""Models of a site, added to the site of a benchmark."""

import json
from pathlib import Path
from typing import Any

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.language_models import PLANNER
from handwheel.connectors.model.site import SITE_FILE, load_site

_FILE = "file:"


def add_models(root: Path, of: Path) -> None:
    """Lets the models of one site choose in another, which was just written.

    Raises:
        ConfigError: The site is not valid, or has no model that plans.
    """
    if not any("plan" in each.roles for each in load_site(of).models):
        raise ConfigError.of("has no model with the role plan", of / SITE_FILE)
    document: Any = read_document(of / SITE_FILE).data
    models = [_at(of.absolute(), dict(each)) for each in document["models"]]
    path = root / SITE_FILE
    added = f"planner: {PLANNER}\nmodels: {json.dumps(models)}\n"
    path.write_text(f"{path.read_text('utf-8').rstrip()}\n{added}", "utf-8")


def _at(folder: Path, model: dict[str, Any]) -> dict[str, Any]:
    """Returns a model whose files are found from another folder."""
    if "file" in model:
        model["file"] = str(folder / model["file"])
    if (secret := str(model.get("secret", ""))).startswith(_FILE):
        model["secret"] = f"{_FILE}{folder / secret.removeprefix(_FILE)}"
    return model
