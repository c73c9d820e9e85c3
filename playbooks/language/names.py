"""Names that a playbook may use, and the binding of its roles to equipment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Name

from .loader import Playbook


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """Binding of roles to equipment."""

    roles: Mapping[str, str]
    at: Path_  # path of its table: the parameters, or a trigger's `bind`

    def place_of(self, role: str, playbook: Playbook) -> Path_:
        """Returns the path at which a role gets its equipment."""
        chosen = (*self.at, role)
        is_chosen = chosen in playbook.document.places and self.at != ("parameters",)
        return chosen if is_chosen else ("parameters", role, "default")


def default_role_binding(playbook: Playbook, roles: Mapping[str, str] | None = None) -> RoleBinding:
    """Returns the default role binding, with the given roles replaced."""
    return RoleBinding({**playbook.file.roles, **(roles or {})}, ("parameters",))


def role_bindings(playbook: Playbook) -> list[RoleBinding]:
    """Returns the distinct role bindings of the triggers, in their order.

    That of an advice is the default one.
    """
    trigger = playbook.file.trigger
    is_default = (trigger and trigger.all) or playbook.file.advise
    found = [default_role_binding(playbook)] if is_default else list[RoleBinding]()
    for n, item in enumerate(trigger.any if trigger else ()):
        roles = {**playbook.file.roles, **item.bind}
        if all(each.roles != roles for each in found):
            at: Path_ = ("trigger", "any", n, "bind") if item.bind else ("parameters",)
            found.append(RoleBinding(roles, at))
    return found


def every_role_binding(playbook: Playbook) -> list[RoleBinding]:
    """Returns the default role binding, then each other one of a trigger."""
    default = default_role_binding(playbook)
    return [default, *(each for each in role_bindings(playbook) if each.roles != default.roles)]


def started_by(playbook: Playbook, library: Sequence[Playbook]) -> list[Playbook]:
    """Returns the playbooks that one runs by its steps, those that they run included."""
    found: dict[str, Playbook] = {}
    known = {each.id: each for each in library if each.id != playbook.id}
    left = [playbook]
    while left:
        for step in left.pop().file.steps:
            name = step.run.playbook if step.run else ""
            if name in known and name not in found:
                found[name] = known[name]
                left.append(known[name])
    return list(found.values())


def tag_names(site: Site, roles: Mapping[str, str]) -> dict[str, Name]:
    """Returns the site's tags, the roles, and each role's attributes.

    An attribute of the equipment has precedence over the tag of that name:
    `duty.vibration` is the tag of the attribute `vibration`, `duty.running` is `P-101A.running`.
    """
    names: dict[str, Name] = {**site.tags, **roles}
    tags: dict[str, dict[str, Tag]] = {asset: {} for asset in roles.values()}
    for tag in site.tags.values():
        owner, _, own = tag.name.partition(".")
        if owner in tags:
            tags[owner][own] = tag
    for role, asset in roles.items():
        equipment = site.equipment.get(asset)
        named = equipment.attributes if equipment else {}
        owned = {**tags[asset], **{own: site.tags[name] for own, name in named.items()}}
        names |= {f"{role}.{own}": tag for own, tag in owned.items()}
    return names
