"""Checks of the equipment that is bound to a role."""

import re
from collections.abc import Iterator, Mapping

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import ConditionError, Constant, Truth, parse_condition

from ..language.errors import Finding
from ..language.loader import Playbook
from ..language.names import RoleBinding
from .bind_parameters import parameter_text


def check_role_binding(
    playbook: Playbook, site: Site, role_binding: RoleBinding, values: Mapping[str, Constant]
) -> Iterator[Finding]:
    """Yields a finding for equipment that is missing or of another class, and for failed checks."""
    parameters = playbook.file.parameters
    for role, asset in role_binding.roles.items():
        path = role_binding.place_of(role, playbook)
        if role not in playbook.file.roles:
            text = f"there is no role {role!r}; known: {', '.join(playbook.file.roles) or 'none'}"
            yield playbook.key_finding("unknown-name", path, text)
            continue
        equipment = site.equipment.get(asset)
        if equipment is None:
            yield playbook.finding("unknown-name", path, f"there is no equipment {asset!r}")
            continue
        wanted = parameters[role].class_
        if wanted and equipment.class_ != wanted:
            text = f"{asset} is of class {equipment.class_ or 'none'}, not {wanted}"
            yield playbook.finding("wrong-class", path, text)
    for name in parameters:
        if parameters[name].check:
            yield from _check(playbook, role_binding, values, name)


def _check(
    playbook: Playbook, role_binding: RoleBinding, values: Mapping[str, Constant], name: str
) -> Iterator[Finding]:
    text, path = playbook.file.parameters[name].check, ("parameters", name, "check")
    try:
        truth = parse_condition(text, {**values, **role_binding.roles}).evaluate({})
    except ConditionError as error:
        at = (error.line, error.column)
        yield playbook.finding_within("expression", path, at, error.reason)
        return
    if truth is not Truth.TRUE:
        given = {**role_binding.roles, **{each: parameter_text(values[each]) for each in values}}
        used = set(re.findall(r"\w+", text)) or given.keys()
        chosen = ", ".join(f"{each} is {given[each]}" for each in given if each in used)
        at_: Path_ = role_binding.at if role_binding.at != ("parameters",) else path
        yield playbook.key_finding("check-failed", at_, f"{text!r} does not hold: {chosen}")
