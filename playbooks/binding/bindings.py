"""Playbooks of a site, each bound once to the same equipment."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site

from ..language.loader import Playbook
from ..language.names import every_role_binding, started_by
from .bind import NOTHING, bind, bind_triggers
from .model import BoundPlaybook
from .step_model import RunPlaybook


class Bindings:
    """Bound playbooks of a site. Each is bound when it is first asked for.

    Attributes:
        site: To whose tags and equipment they are bound; where its files stand does not matter.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._triggered: dict[str, Sequence[BoundPlaybook]] = {}
        self._bound: dict[tuple[str, str], BoundPlaybook] = {}

    def triggered(self, playbooks: Sequence[Playbook]) -> list[BoundPlaybook]:
        """Returns every playbook as its triggers bind it. Raises `PlaybookError`."""
        for each in playbooks:
            if each.digest not in self._triggered:
                self._triggered[each.digest] = bind_triggers(each, self.site)
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
            raise ConfigError.of(f"there is no playbook {name}")
        return self.bind_playbook(playbook, roles, given)

    def bind_playbook(
        self, playbook: Playbook, roles: Mapping[str, str], given: Mapping[str, str] = NOTHING
    ) -> BoundPlaybook:
        """Binds a playbook to equipment, with the errors of `binding.bind.bind`."""
        key = playbook.digest, f"{dict(roles)} {dict(given)}"
        if key not in self._bound:
            self._bound[key] = bind(playbook, self.site, roles, given)
        return self._bound[key]


def nested_in(
    plans: Iterable[BoundPlaybook],
    bind_nested: Callable[[str, Mapping[str, str]], BoundPlaybook],
) -> list[BoundPlaybook]:
    """Returns the playbooks that some run by their steps, directly or not, each binding once.

    Args:
        bind_nested: Takes an id and the roles that are not the default. Its errors are raised.
    """
    found: dict[tuple[str, str], BoundPlaybook] = {}
    left = list(plans)
    while left:
        for step in left.pop().steps:
            if isinstance(step.work, RunPlaybook):
                plan = bind_nested(step.work.playbook, step.work.roles)
                if (key := (plan.id, str(dict(plan.roles)))) not in found:
                    found[key] = plan
                    left.append(plan)
    return list(found.values())


def roles_to_release(
    playbook: Playbook, bindings: Bindings, library: Sequence[Playbook]
) -> list[Mapping[str, str]]:
    """Returns each binding of a playbook, by itself or as others of a library run it.

    One that does not fit the site is run by nobody, and binds nothing.
    """
    found: list[Mapping[str, str]] = [each.roles for each in every_role_binding(playbook)]
    for other in library:
        if playbook.id not in {each.id for each in started_by(other, library)}:
            continue
        try:
            plans = [
                bindings.bind_playbook(other, each.roles) for each in every_role_binding(other)
            ]
            nested = nested_in(plans, partial(bindings.bind, library))
        except ConfigError:
            continue
        for plan in nested:
            if plan.id == playbook.id and dict(plan.roles) not in found:
                found.append(dict(plan.roles))
    return found
