"""Playbooks of a site, each bound once to the same equipment."""

from collections.abc import Mapping, Sequence
from functools import partial

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import Site

from ..language.loader import Playbook
from .bind import NOTHING, bind, bind_triggers
from .model import BoundPlaybook
from .nesting import nested_in


class Bindings:
    """Bound playbooks of a site. Each is bound when it is first asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._triggered: dict[str, Sequence[BoundPlaybook]] = {}
        self._bound: dict[tuple[str, str], BoundPlaybook] = {}

    def triggered(self, playbooks: Sequence[Playbook]) -> list[BoundPlaybook]:
        """Returns every playbook as its triggers bind it. Raises `PlaybookError`."""
        for each in playbooks:
            if each.digest not in self._triggered:
                self._triggered[each.digest] = bind_triggers(each, self._site)
        return [plan for each in playbooks for plan in self._triggered[each.digest]]

    def with_nested(self, playbooks: Sequence[Playbook]) -> list[BoundPlaybook]:
        """Returns those of `triggered`, then those that they run by their steps.

        Raises:
            ConfigError: One does not fit the site, or runs a playbook that is not there.
        """
        plans = self.triggered(playbooks)
        return [*plans, *nested_in(plans, partial(self.bind, playbooks))]

    def bind(
        self,
        playbooks: Sequence[Playbook],
        name: str,
        roles: Mapping[str, str],
        given: Mapping[str, str] = NOTHING,
    ) -> BoundPlaybook:
        """Binds the playbook of an ID to equipment, with the given values.

        Raises:
            ConfigError: There is no such playbook, or it does not fit the site.
        """
        playbook = next((each for each in playbooks if each.id == name), None)
        if playbook is None:
            raise ConfigError([Problem("", 0, 0, "", f"there is no playbook {name}")])
        key = playbook.digest, f"{dict(roles)} {dict(given)}"
        if key not in self._bound:
            self._bound[key] = bind(playbook, self._site, roles, given)
        return self._bound[key]
