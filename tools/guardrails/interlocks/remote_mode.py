"""Checks that each `remote_when` of the site can be judged."""

from collections.abc import Iterator

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from ...conditions.condition import parse_condition
from ...conditions.errors import ConditionError


def remote_problems(site: Site) -> Iterator[Problem]:
    """Yields each `remote_when` that no tags of the site can answer.

    A site file that cannot be read any more raises `ConfigError`.
    """
    for name, equipment in site.equipment.items():
        if not equipment.remote_when:
            continue
        try:
            parse_condition(equipment.remote_when, site.tags)
        except ConditionError as error:
            document = read_document(site.root / SITE_FILE)
            yield document.problem(("equipment", name, "remote_when"), str(error))


def check_remote_conditions(site: Site) -> None:
    """Raises `ConfigError` with every `remote_when` that no gate could evaluate."""
    if problems := list(remote_problems(site)):
        raise ConfigError(problems)
