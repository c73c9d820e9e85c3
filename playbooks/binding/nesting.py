"""Playbooks that others run by their steps."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site

from ..language.loader import Playbook
from ..language.names import every_role_binding, started_by
from .bind import bind
from .model import BoundPlaybook
from .step_model import RunPlaybook


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
    playbook: Playbook, site: Site, library: Sequence[Playbook]
) -> list[Mapping[str, str]]:
    """Returns each binding of a playbook, by itself or as others of a library run it.

    One that does not fit the site is run by nobody, and binds nothing.
    """
    found: list[Mapping[str, str]] = [each.roles for each in every_role_binding(playbook)]
    known = {each.id: each for each in library}
    for other in library:
        if playbook.id not in {each.id for each in started_by(other, library)}:
            continue
        try:
            plans = [bind(other, site, each.roles) for each in every_role_binding(other)]
            nested = nested_in(plans, lambda name, roles: bind(known[name], site, roles))
        except (ConfigError, KeyError):
            continue
        for plan in nested:
            if plan.id == playbook.id and dict(plan.roles) not in found:
                found.append(dict(plan.roles))
    return found
