"""Names of checks, each with the piece of equipment that it looks at."""

import re
from collections.abc import Mapping

from .failure_modes import CheckSpec

CheckKey = tuple[str, str]
"""Id of a check with the piece of equipment, which is empty if there is only one."""
_ROLE = re.compile(r"\{(\w+)\}")


def check_name(key: CheckKey) -> str:
    """Returns the name by which a person answers a check, such as `bearing-heat/P-101A`."""
    return "/".join(filter(None, key))


def check_key(name: str) -> CheckKey:
    """Returns the check of a name."""
    check, _, equipment = name.partition("/")
    return check, equipment


def roles_in(text: str) -> list[str]:
    """Returns the roles that a text names, each once."""
    return list(dict.fromkeys(_ROLE.findall(text)))


def piece_of(spec: CheckSpec, roles: Mapping[str, str]) -> str | None:
    """Returns the equipment that a check asks about, empty for none.

    It is `None` if the check asks about a role that is none of `roles`.
    """
    named = roles_in(f"{spec.title} {spec.ask}")
    return roles.get(named[0]) if named else ""


def about_piece(text: str, equipment: str) -> str:
    """Returns a text of a check with the piece of equipment in place of its role."""
    return _ROLE.sub(equipment, text) if equipment else text
