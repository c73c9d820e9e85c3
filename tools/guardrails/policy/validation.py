"""Checks a policy against itself and its site."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from handwheel.connectors.config.yaml_documents import Document, Path_
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import Problem
from handwheel.connectors.model.endpoints import InstalledConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, Tag

from ..identity.roster import ADMINISTRATOR, AGENT, ROLE
from .areas import is_equipment_in_area, roles_of
from .node_patterns import names_node
from .rules import allows_tag, forbids_tag, leads_to, names_tag
from .schema import AllowRule, ForbidRule, GroupRule, PolicyFile
from .suspend import check_suspend

_RESERVED = (ADMINISTRATOR, AGENT)  # neither ever approves
_NUMERIC = {"float", "int"}


def check_policy(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    """Yields every problem of a policy, with its place."""
    yield from _check_roles(file, document)
    yield from _check_areas(file, document, site)
    for n, forbid in enumerate(file.forbid):
        yield from _check_forbid(forbid, ("forbid", n), document, site)
    for n, allow in enumerate(file.allow):
        yield from _check_allow(allow, ("allow", n), file, document, site)
    yield from _check_limits(file, document, site)
    yield from _check_across(file, document, site)
    for n, group in enumerate(file.groups):
        yield from _check_group(group, ("groups", n), document, site)
    yield from _check_twice([each.id for each in file.groups], "groups", document)
    yield from check_suspend(file.suspend, document, site)
    yield from _check_heartbeats(file, document, site)
    real = [name for name, connection in site.connections.items() if not connection.simulated]
    if file.unattended == "simulated" and real:
        reason = f"only where every connection is simulated; {', '.join(real)} is not"
        yield document.problem(("unattended",), reason)


def _check_roles(file: PolicyFile, document: Document) -> Iterator[Problem]:
    for name, role in file.roles.items():
        if name in _RESERVED:
            yield document.problem(("roles", name), "is reserved, for it never approves")
        elif not ROLE.fullmatch(name):
            reason = "a role is named with lower-case letters, digits and '-'"
            yield document.problem(("roles", name), reason)
        for n, other in enumerate(role.acts_as):
            if other not in file.roles:
                yield document.problem(("roles", name, "acts_as", n), _unknown_role(other, file))


def _unknown_role(name: str, file: PolicyFile) -> str:
    return f"there is no role {name!r}; known: {', '.join(file.roles) or 'none'}"


def _check_forbid(
    rule: ForbidRule, path: Path_, document: Document, site: Site
) -> Iterator[Problem]:
    for n, pattern in enumerate(rule.tags):
        if not any(fnmatchcase(name, pattern) for name in site.tags):
            yield document.problem((*path, "tags", n), f"{pattern!r} matches no tag")
    if not rule.connection:
        return
    connection = site.connections.get(rule.connection)
    if connection is None:
        known = ", ".join(site.connections)
        reason = f"there is no connection {rule.connection!r}; known: {known}"
        yield document.problem((*path, "connection"), reason)
    elif isinstance(connection, InstalledConnection):
        reason = f"{rule.connection} is {connection.kind}, which nothing writes; leave this out"
        yield document.problem((*path, "connection"), reason)
    elif (connection.kind == "opcua") != bool(rule.nodes):
        keys = "nodes" if connection.kind == "opcua" else "table and addresses"
        reason = f"{rule.connection} is {connection.kind}: forbid its tags by name, or by {keys}"
        yield document.problem((*path, "connection"), reason)
    else:
        yield from _check_nodes(rule, path, document, site)


def _check_nodes(
    rule: ForbidRule, path: Path_, document: Document, site: Site
) -> Iterator[Problem]:
    nodes = [
        tag.address
        for tag in site.tags.values()
        if isinstance(tag.address, NodeAddress) and leads_to(rule.connection, tag, site)
    ]
    for n, pattern in enumerate(rule.nodes):
        if not any(names_node(pattern, address) for address in nodes):
            reason = f"{pattern!r} matches the node of no tag on {rule.connection}"
            yield document.problem((*path, "nodes", n), reason)


def _check_allow(
    rule: AllowRule, path: Path_, file: PolicyFile, document: Document, site: Site
) -> Iterator[Problem]:
    for n, role in enumerate(rule.roles):
        if role not in file.roles:
            yield document.problem((*path, "roles", n), _unknown_role(role, file))
    if rule.area is not None and not _is_area(rule.area, site):
        yield document.problem((*path, "area"), f"{rule.area!r} matches the path of no equipment")
        return
    writable = [tag for tag in site.tags.values() if tag.writable]
    named = [tag for tag in writable if allows_tag(rule, tag, site)]
    where = f" in {rule.area}" if rule.area else ""
    for n, pattern in enumerate(rule.tags):
        if not any(fnmatchcase(tag.name, pattern) for tag in named):
            reason = f"{pattern!r} matches no writable tag{where}"
            yield document.problem((*path, "tags", n), reason)
    yield from _check_reach(rule, named, path, file, document, site)
    for key, quantity in (
        ("band", rule.band),
        ("limits", rule.limits),
        ("max_step", rule.max_step),
        ("rate", rule.rate),
    ):
        for tag in named if quantity else ():
            if denial := _misfit(tag, quantity.unit if quantity else ""):
                yield document.problem((*path, key), denial.reason)


def _check_reach(
    rule: AllowRule,
    named: Iterable[Tag],
    path: Path_,
    file: PolicyFile,
    document: Document,
    site: Site,
) -> Iterator[Problem]:
    covers = roles_of(file.roles, site).covers
    for n, role in enumerate(rule.roles):
        outside = [tag.name for tag in named if role in covers and tag.name not in covers[role]]
        if outside:
            reason = f"{outside[0]} lies outside the areas of {role}, so it could not be approved"
            yield document.problem((*path, "roles", n), reason)


def _is_area(pattern: str, site: Site) -> bool:
    return any(is_equipment_in_area(name, site, pattern) for name in site.equipment)


def _check_areas(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    for name, role in file.roles.items():
        for n, pattern in enumerate(role.areas or ()):
            if not _is_area(pattern, site):
                reason = f"{pattern!r} matches the path of no equipment"
                yield document.problem(("roles", name, "areas", n), reason)


def _check_group(rule: GroupRule, path: Path_, document: Document, site: Site) -> Iterator[Problem]:
    writable = [tag for tag in site.tags.values() if tag.writable]
    for n, pattern in enumerate(rule.tags):
        if not any(fnmatchcase(tag.name, pattern) for tag in writable):
            yield document.problem((*path, "tags", n), f"{pattern!r} matches no writable tag")
    for tag in writable if rule.travel else ():
        denial = _misfit(tag, rule.travel.unit) if rule.travel else None
        if denial and names_tag(rule.tags, tag):
            yield document.problem((*path, "travel"), denial.reason)


def _check_heartbeats(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    """Yields rules that name a heartbeat tag, which only the gate writes."""
    for tag in filter(site.is_heartbeat, site.tags.values()):
        allows = (("allow", n) for n, rule in enumerate(file.allow) if allows_tag(rule, tag, site))
        groups = (("groups", n) for n, rule in enumerate(file.groups) if names_tag(rule.tags, tag))
        for path in (*allows, *groups):
            reason = f"names {tag.name}, the heartbeat of {tag.equipment}: only the gate writes it"
            yield document.problem(path, reason)
        for n, rule in enumerate(file.forbid):
            if forbids_tag(rule, tag, site):
                reason = f"forbids {tag.name}, which site.yaml has as heartbeat of {tag.equipment}"
                yield document.problem(("forbid", n), reason)


def _check_twice(ids: Iterable[str], key: str, document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for n, id_ in enumerate(ids):
        if id_ in seen:
            yield document.problem((key, n, "id"), f"{id_!r} stands here twice")
        seen.add(id_)


def _misfit(tag: Tag, unit: str) -> Denial | None:
    if tag.kind not in _NUMERIC:
        return Denial("kind", f"{tag.name} is no number but a {tag.kind}")
    if unit != tag.unit:
        reason = f"{tag.name} is in {tag.unit or 'no unit'}, not in {unit or 'no unit'}"
        return Denial("unit", reason)
    return None


def _check_limits(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    for tag in site.tags.values():
        if tag.kind not in _NUMERIC or not tag.writable:
            continue
        rules = [(n, rule) for n, rule in enumerate(file.allow) if allows_tag(rule, tag, site)]
        if rules and not any(rule.limits for _, rule in rules):
            reason = f"limits: {tag.name} is a number: say between which ends it may be written"
            yield document.problem(("allow", rules[0][0]), reason)


def _check_across(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    yield from _check_twice([each.id for each in file.across], "across", document)
    for n, rule in enumerate(file.across):
        for m, pattern in enumerate(rule.except_):
            if not any(tag.writable and names_tag([pattern], tag) for tag in site.tags.values()):
                reason = f"{pattern!r} matches no writable tag"
                yield document.problem(("across", n, "except", m), reason)
