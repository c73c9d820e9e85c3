"""Enrols the people of a stepped room with keys that are in memory only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handwheel.connectors.model.site import OPERATORS_FILE, Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Manual
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR as _ADMINISTRATOR
from handwheel.tools.guardrails.policy.policy import Policy

ADMINISTRATOR = "rosa"
"""Person who enrols the others of a room, and has released its playbooks."""
OPERATORS = ("anna", "ben")
"""People who hold every role that the policy or a playbook names, if no others are named."""

_OPERATOR = "operator"
_BEFORE = timedelta(days=1)
_LASTS = timedelta(days=365)


def asked_roles(site: Site, policy: Policy, plans: Sequence[BoundPlaybook]) -> list[str]:
    """Returns every role that is asked for here."""
    found = {role for tag in site.tags.values() for role in policy.roles_for(tag)}
    for plan in plans:
        manual = (step.work.sign_off for step in plan.steps if isinstance(step.work, Manual))
        asked = (plan.approval, *(step.own_approval for step in plan.steps), *manual)
        found |= {each.role for each in asked if each is not None}
    return sorted(found or {_OPERATOR})


def enrol(
    site: Site, roles: Mapping[str, Sequence[str]], administrator: str, now: datetime
) -> tuple[Site, dict[str, PrivateKey]]:
    """Enrols people at a site for a year, and returns the site and their keys.

    Args:
        site: From `copied_site`; its `operators.yaml` is written anew.
        roles: The roles of each person, as the policy names them.
        administrator: Name of another person, who enrols the others and releases lockouts.
        now: Wall time at which they are enrolled already.

    Raises:
        OSError: The folder cannot be written.
    """
    keys = {person: PrivateKey.generate() for person in (administrator, *roles)}
    root, start = keys[administrator], now - _BEFORE
    held = {
        administrator: (_ADMINISTRATOR,),
        **{name: tuple(each) for name, each in roles.items()},
    }
    records = [
        make_record(site.id, Enrolment(name, each, start, start + _LASTS), keys[name], root)
        for name, each in held.items()
    ]
    (site.root / OPERATORS_FILE).write_text(operators_text(records), encoding="utf-8")
    return replace(site, trust_root=fingerprint(root.public_key())), keys
