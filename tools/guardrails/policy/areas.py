"""Where a tag lies in the plant, and where a role counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from .schema import Role


def is_in_area(tag: Tag, site: Site, pattern: str) -> bool:
    """Whether a tag's equipment lies where a pattern says; see `is_equipment_in_area`."""
    return is_equipment_in_area(tag.equipment, site, pattern)


def is_equipment_in_area(equipment: str, site: Site, pattern: str) -> bool:
    """Whether the path of a piece of equipment matches, with its own name behind it or without.

    Equipment without a path, and what belongs to none, lies nowhere.
    """
    known = site.equipment.get(equipment)
    path = known.path.strip("/") if known else ""
    return bool(path) and any(fnmatchcase(p, pattern) for p in (path, f"{path}/{equipment}"))


@dataclass(frozen=True, slots=True)
class Roles:
    """Which role counts as which, and for what.

    Attributes:
        acts_as: What a role may act as directly.
        areas: The patterns of paths that a role is bound to; one that is not there counts
            everywhere.
        covers: The tags in them.
    """

    acts_as: Mapping[str, tuple[str, ...]]
    areas: Mapping[str, tuple[str, ...]]
    covers: Mapping[str, frozenset[str]]

    def satisfies(self, held: str, wanted: str, tags: Collection[str] | None) -> bool:
        """Whether a role counts as another for a request.

        Each role on the way must count there: whoever acts as an area's operator does so in
        that area.

        Args:
            tags: All that the request writes; `None` for what is not about certain tags, where
                only roles count that are bound to no area.
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
        # Of no tag at all `all` would be yes.
        return covered is None or (bool(tags) and covered.issuperset(tags or ()))


def roles_of(roles: Mapping[str, Role], site: Site) -> Roles:
    """Returns the roles of a policy, for a site."""
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
