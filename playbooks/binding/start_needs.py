"""Needs of an order that a playbook starts."""

from collections.abc import Collection, Mapping

from .model import BoundPlaybook


def needs_of(plan: BoundPlaybook) -> tuple[Collection[str], Collection[str]]:
    """Returns the roles that a person must hold to order a start, and the tags that it writes."""
    return [plan.order_role], sorted({each.tag.name for each in plan.writes})


def split_given(
    given: Mapping[str, str], roles: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the given equipment by role, and the other given values."""
    chosen = {name: value for name, value in given.items() if name in roles}
    return chosen, {name: value for name, value in given.items() if name not in roles}
