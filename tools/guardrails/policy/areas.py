"""Areas of the plant, and the roles that count in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from .schema import Role


def is_in_area(tag: Tag, site: Site, pattern: str) -> bool:
    """Whether a tag's equipment lies in an area. See `is_equipment_in_area`."""
    return is_equipment_in_area(tag.equipment, site, pattern)


def is_equipment_in_area(equipment: str, site: Site, pattern: str) -> bool:
    """Whether the path of equipment matches a pattern, with its name appended or without.

    Equipment without a path lies in no area.
    """
    known = site.equipment.get(equipment)
    path = known.path.strip("/") if known else ""
    return bool(path) and any(fnmatchcase(p, pattern) for p in (path, f"{path}/{equipment}"))


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles of a policy with the roles that each may act as, and its areas."""

    acts_as: Mapping[str, tuple[str, ...]]  # roles that a role may act as directly
    areas: Mapping[str, tuple[str, ...]]  # paths that bind a role; without any it counts anywhere
    covers: Mapping[str, frozenset[str]]  # the tags in these areas

    def satisfies(self, held: str, wanted: str, tags: Collection[str] | None) -> bool:
        """Whether a role counts as another for a request that writes some tags.

        Each role in the chain must count there: who acts as an area's operator does so in that
        area only. Where no tags are concerned, only roles without areas count.
        """
        seen: set[str] = set()
        open_ = [held]
        while open_:
            name = open_.pop()
            if name in seen or name not in self.acts_as or not self._counts(name, tags):
                continue
            if name == wanted:
                return True
            seen.add(name)
            open_ += self.acts_as[name]
        return False

    def _counts(self, role: str, tags: Collection[str] | None) -> bool:
        covered = self.covers.get(role)
        # `issuperset` of no tags would be true.
        return covered is None or (bool(tags) and covered.issuperset(tags or ()))


def roles_of(roles: Mapping[str, Role], site: Site) -> Roles:
    """Returns the roles of a policy for a site."""
    return Roles(
        {name: tuple(role.acts_as) for name, role in roles.items()},
        {name: tuple(role.areas) for name, role in roles.items() if role.areas is not None},
        {
            name: frozenset(
                tag.name
                for tag in site.tags.values()
                if any(is_in_area(tag, site, pattern) for pattern in role.areas)
            )
            for name, role in roles.items()
            if role.areas is not None
        },
    )
