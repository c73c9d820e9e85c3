"""Playbooks of a site that are released as they are bound now."""

from collections.abc import Iterable
from datetime import datetime

from handwheel.connectors.errors import ConfigError
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.administrators import revoked_keys
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.playbooks_lock import read_lock, release_fault


def released(
    context: DecisionContext, plans: Iterable[BoundPlaybook], at: datetime
) -> list[BoundPlaybook]:
    """Returns the playbooks that are released for their equipment, none if that cannot be read."""
    site = context.site
    try:
        lock, roster = read_lock(site), load_roster(site)
    except ConfigError:
        return []
    revoked, found = revoked_keys(context.database), list[BoundPlaybook]()
    for plan in plans:
        release = lock.find(plan.id)
        if release is None or (plan.version, plan.digest) != (release.version, release.digest):
            continue
        is_bound = any(each.roles.items() <= plan.parameters.items() for each in release.bindings)
        if is_bound and not release_fault(release, site.id, roster, revoked, at):
            found.append(plan)
    return found
