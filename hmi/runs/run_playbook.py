"""The playbook of a run, if it still exists."""

from collections.abc import Mapping

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import load_library

from .run_view import RunView


def plan_of(site: Site, view: RunView) -> BoundPlaybook | None:
    """Returns the present playbook of a run with the run's roles, or `None` without one."""
    loaded, _ = load_library(site)
    for each in loaded:
        if each.id == view.entry.playbook:
            try:
                opening = view.opening
                return bind(each, site, opening.get("roles", {}), opening.get("given", {}))
            except HandwheelError:
                return None
    return None


def titles_of(site: Site, view: RunView) -> Mapping[str, str]:
    """Returns the titles of a run's steps by id, empty if the playbook has changed."""
    plan = plan_of(site, view)
    if plan is None or plan.digest != view.opening.get("digest"):
        return {}
    return {each.id: each.title for each in plan.steps}
