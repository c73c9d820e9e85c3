"""A policy's rules against a site: do they fit it, and what do they come to for each tag."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce

from handwheel.connectors.documents import Document, Path_
from handwheel.connectors.endpoints import is_same_device
from handwheel.connectors.errors import Problem
from handwheel.connectors.site import POLICY_FILE, Site
from handwheel.connectors.tags import RegisterAddress, Tag

from .operators import ADMINISTRATOR, AGENT, ROLE
from .policy_file import AcrossRule, AllowRule, ForbidRule, PolicyFile, RiskClass, Role
from .quantities import Range

_RESERVED = (ADMINISTRATOR, AGENT)  # neither ever approves
_NUMERIC = {"float", "int"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What all rules together come to for one tag: the strictest of each.

    Attributes:
        forbidden: Why it is never written; empty if it is not forbidden.
        is_allowed: Whether any rule allows it.
        class_: The highest class of its rules.
        rules: Where every rule stands that matched.
    """

    tag: Tag
    is_writable: bool
    forbidden: tuple[str, ...]
    is_allowed: bool
    class_: RiskClass
    roles: tuple[str, ...]
    is_commissioned: bool
    rules: tuple[str, ...]
    limits: Range | None
    band: Range | None
    max_step: float | None
    rate_per_s: float | None
    cooldown_s: float


def standings(file: PolicyFile, document: Document, site: Site) -> dict[str, Standing]:
    """Returns the standing of each tag of a site."""
    return {tag.name: _standing(tag, file, document, site) for tag in site.tags.values()}


def _standing(tag: Tag, file: PolicyFile, document: Document, site: Site) -> Standing:
    forbids = [(n, rule) for n, rule in enumerate(file.forbid) if _forbids(rule, tag, site)]
    allows = [(n, rule) for n, rule in enumerate(file.allow) if _names(rule.tags, tag)]
    rules = [rule for _, rule in allows]
    places = [*(("forbid", n) for n, _ in forbids), *(("allow", n) for n, _ in allows)]
    return Standing(
        tag=tag,
        is_writable=site.is_writable(tag),
        forbidden=tuple(f"forbidden: {rule.reason}" for _, rule in forbids),
        is_allowed=bool(rules),
        class_=_highest(rules),
        roles=tuple(sorted({role for rule in rules for role in rule.roles})),
        is_commissioned=all(rule.commissioned for rule in rules),
        rules=tuple(f"{POLICY_FILE}:{document.places[place][0]}" for place in places),
        limits=_narrowest(rule.limits for rule in rules),
        band=_narrowest(rule.band for rule in rules),
        max_step=min((rule.max_step.number for rule in rules if rule.max_step), default=None),
        rate_per_s=min((rule.rate.number for rule in rules if rule.rate), default=None),
        cooldown_s=max((rule.cooldown for rule in rules), default=0.0),
    )


def _highest(rules: Sequence[AllowRule]) -> RiskClass:
    return max((rule.class_ for rule in rules), key=str) if rules else "R4"


def _narrowest(spans: Iterable[Range | None]) -> Range | None:
    given = [span for span in spans if span]
    return reduce(Range.narrowed, given) if given else None


def _names(patterns: Iterable[str], tag: Tag) -> bool:
    return any(fnmatchcase(tag.name, pattern) for pattern in patterns)


def _forbids(rule: ForbidRule, tag: Tag, site: Site) -> bool:
    if rule.tags:
        return _names(rule.tags, tag)
    meant, own = site.connections[rule.connection], site.connections[tag.connection]
    is_there = isinstance(tag.address, RegisterAddress) and rule.overlaps(tag.address)
    return is_there and is_same_device(meant, own)


def acting_as(role: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """Returns every role that one covers, directly or through another; itself too."""
    found: set[str] = set()
    open_ = [role]
    while open_:
        name = open_.pop()
        if name in roles and name not in found:
            found.add(name)
            open_ += roles[name].acts_as
    return frozenset(found)


def check_policy(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    """Yields everything in which a policy does not fit itself or its site."""
    yield from _check_roles(file, document)
    for n, forbid in enumerate(file.forbid):
        yield from _check_forbid(forbid, ("forbid", n), document, site)
    for n, allow in enumerate(file.allow):
        yield from _check_allow(allow, ("allow", n), file, document, site)
    yield from _check_limits(file, document, site)
    yield from _check_across(file, document, site)
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
    elif connection.kind != "modbus":
        reason = f"{rule.connection} is {connection.kind}: forbid its tags by name"
        yield document.problem((*path, "connection"), reason)


def _check_allow(
    rule: AllowRule, path: Path_, file: PolicyFile, document: Document, site: Site
) -> Iterator[Problem]:
    for n, role in enumerate(rule.roles):
        if role not in file.roles:
            yield document.problem((*path, "roles", n), _unknown_role(role, file))
    writable = [tag for tag in site.tags.values() if tag.writable]
    for n, pattern in enumerate(rule.tags):
        if not any(fnmatchcase(tag.name, pattern) for tag in writable):
            yield document.problem((*path, "tags", n), f"{pattern!r} matches no writable tag")
    named = [tag for tag in writable if _names(rule.tags, tag)]
    for key, quantity in (
        ("band", rule.band),
        ("limits", rule.limits),
        ("max_step", rule.max_step),
        ("rate", rule.rate),
    ):
        for tag in named if quantity else ():
            reason = _misfit(tag, quantity.unit if quantity else "")
            if reason:
                yield document.problem((*path, key), reason)


def _misfit(tag: Tag, unit: str) -> str:
    if tag.kind not in _NUMERIC:
        return f"{tag.name} is no number but a {tag.kind}"
    if unit != tag.unit:
        return f"{tag.name} is in {tag.unit or 'no unit'}, not in {unit or 'no unit'}"
    return ""


def _check_limits(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    for tag in site.tags.values():
        if tag.kind not in _NUMERIC or not tag.writable:
            continue
        rules = [(n, rule) for n, rule in enumerate(file.allow) if _names(rule.tags, tag)]
        if rules and not any(rule.limits for _, rule in rules):
            reason = f"limits: {tag.name} is a number: say between which ends it may be written"
            yield document.problem(("allow", rules[0][0]), reason)


def spared(rule: AcrossRule, site: Site) -> frozenset[str]:
    """Returns the tags that a condition across tags leaves out."""
    return frozenset(name for name, tag in site.tags.items() if _names(rule.except_, tag))


def _check_across(file: PolicyFile, document: Document, site: Site) -> Iterator[Problem]:
    seen: set[str] = set()
    for n, rule in enumerate(file.across):
        if rule.id in seen:
            yield document.problem(("across", n, "id"), f"{rule.id!r} stands here twice")
        seen.add(rule.id)
        for m, pattern in enumerate(rule.except_):
            if not any(tag.writable and _names([pattern], tag) for tag in site.tags.values()):
                reason = f"{pattern!r} matches no writable tag"
                yield document.problem(("across", n, "except", m), reason)
