"""Rules of a policy combined for each tag of a site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any

from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.model.endpoints import (
    ConnectionConfig,
    ModbusConnection,
    OpcuaConnection,
    is_same_device,
)
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag

from .areas import is_in_area
from .groups import TagGroup
from .node_patterns import names_node
from .quantities import Range, rounding
from .schema import AcrossRule, AllowRule, ForbidRule, GroupRule, PolicyFile, RiskClass


@dataclass(frozen=True, slots=True)
class TagRules:
    """All rules for one tag combined. The strictest value of each counts."""

    tag: Tag
    is_writable: bool
    forbidden: tuple[str, ...]  # reasons of the rules that forbid it
    is_allowed: bool  # whether any rule allows it
    class_: RiskClass  # the highest class of its rules
    roles: tuple[str, ...]
    is_commissioned: bool
    places: tuple[str, ...]  # places of all rules that matched
    limits: Range | None
    band: Range | None
    max_step: float | None
    rate_per_s: float | None
    cooldown_s: float
    # For each point, such as `limits`, the places of the rules that decide it.
    deciders: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def rules_by_tag(file: PolicyFile, document: Document, site: Site) -> dict[str, TagRules]:
    """Returns the combined rules of each tag of a site."""
    return {tag.name: _tag_rules(tag, file, document, site) for tag in site.tags.values()}


def _tag_rules(tag: Tag, file: PolicyFile, document: Document, site: Site) -> TagRules:
    forbids = [(n, rule) for n, rule in enumerate(file.forbid) if forbids_tag(rule, tag, site)]
    allows = [(n, rule) for n, rule in enumerate(file.allow) if allows_tag(rule, tag, site)]
    rules = [rule for _, rule in allows]
    against = [place_of(document, "forbid", n) for n, _ in forbids]
    for_ = [place_of(document, "allow", n) for n, _ in allows]
    return TagRules(
        tag=tag,
        is_writable=site.is_writable(tag),
        forbidden=(
            *(f"forbidden: {rule.reason}" for _, rule in forbids),
            *([f"it is the heartbeat of {tag.equipment}"] if site.is_heartbeat(tag) else ()),
        ),
        is_allowed=bool(rules),
        class_=_highest(rules),
        roles=tuple(sorted({role for rule in rules for role in rule.roles})),
        is_commissioned=all(rule.commissioned for rule in rules),
        places=(*against, *for_),
        limits=_narrowest(rule.limits for rule in rules),
        band=_narrowest(rule.band for rule in rules),
        max_step=min((rule.max_step.value for rule in rules if rule.max_step), default=None),
        rate_per_s=min((rule.rate.value for rule in rules if rule.rate), default=None),
        cooldown_s=max((rule.cooldown for rule in rules), default=0.0),
        deciders=_deciders(rules, for_) | ({"forbid": tuple(against)} if against else {}),
    )


def _deciders(rules: Sequence[AllowRule], places: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns for each point that is set the places of the strictest rules."""
    if not rules:
        return {}
    limits, band = [_narrowest(getattr(r, key) for r in rules) for key in ("limits", "band")]
    class_, cooldown_s = _highest(rules), max(rule.cooldown for rule in rules)
    steps = [rule.max_step.value for rule in rules if rule.max_step]
    rates = [rule.rate.value for rule in rules if rule.rate]
    points: Mapping[str, Sequence[bool]] = {
        "class": [rule.class_ == class_ for rule in rules],
        "roles": [True] * len(rules),
        "commissioned": [rule.commissioned is None for rule in rules],
        "limits": [_shares_end(rule.limits, limits) for rule in rules],
        "band": [_shares_end(rule.band, band) for rule in rules],
        "max_step": [r.max_step is not None and r.max_step.value == min(steps) for r in rules],
        "rate": [rule.rate is not None and rule.rate.value == min(rates) for rule in rules],
        "cooldown": [cooldown_s > 0.0 and rule.cooldown == cooldown_s for rule in rules],
    }
    found = {
        point: tuple(place for place, does in zip(places, each, strict=True) if does)
        for point, each in points.items()
    }
    return {point: each for point, each in found.items() if each}


def _shares_end(one: Range | None, whole: Range | None) -> bool:
    return (
        one is not None and whole is not None and (one.low == whole.low or one.high == whole.high)
    )


def _highest(rules: Sequence[AllowRule]) -> RiskClass:
    return max((rule.class_ for rule in rules), key=str) if rules else "R4"


def _narrowest(spans: Iterable[Range | None]) -> Range | None:
    given = [span for span in spans if span]
    return reduce(Range.narrowed, given) if given else None


def place_of(document: Document, *path: str | int) -> str:
    """Returns file and line of a key in the policy."""
    return f"{POLICY_FILE}:{document.places[path][0]}"


def names_tag(patterns: Iterable[str], tag: Tag) -> bool:
    """Whether any of the patterns matches a tag."""
    return any(fnmatchcase(tag.name, pattern) for pattern in patterns)


def allows_tag(rule: AllowRule, tag: Tag, site: Site) -> bool:
    """Whether a rule allows a tag, by its name and its area."""
    return names_tag(rule.tags, tag) and (rule.area is None or is_in_area(tag, site, rule.area))


def forbids_tag(rule: ForbidRule, tag: Tag, site: Site) -> bool:
    """Whether a rule forbids a tag, by its name or by its address."""
    if rule.tags:
        return names_tag(rule.tags, tag)
    address = tag.address
    if isinstance(address, NodeAddress):
        is_named = any(names_node(pattern, address) for pattern in rule.nodes)
    else:
        is_named = isinstance(address, RegisterAddress) and rule.overlaps(address)
    return is_named and leads_to(rule.connection, tag, site)


def leads_to(connection: str, tag: Tag, site: Site) -> bool:
    """Whether a tag is on the device of a connection, through any connection.

    On Modbus a tag may name another unit than its connection does. An OPC UA server is recognised
    by its endpoint, and by its application URI or certificate where these are configured.
    """
    if tag.connection == connection:
        return True
    own = site.connections[tag.connection]
    unit = tag.address.unit if isinstance(tag.address, RegisterAddress) else None
    if unit is not None and isinstance(own, ModbusConnection):
        changes: dict[str, Any] = {"unit": unit}
        own = own.model_copy(update=changes)
    return any(_is_same(way, own) for way in _ways(connection, site))


def _ways(connection: str, site: Site) -> list[ConnectionConfig]:
    """Returns all connections to the device of one, also those linked by a third."""
    found = [site.connections[connection]]
    for known in found:  # grows in the loop
        found += [
            each
            for each in site.connections.values()
            if each not in found and _is_same(known, each)
        ]
    return found


def _is_same(one: ConnectionConfig, other: ConnectionConfig) -> bool:
    if isinstance(one, OpcuaConnection) and isinstance(other, OpcuaConnection):
        says = bool(one.application_uri) and one.application_uri == other.application_uri
        shows = bool(one.certificate) and one.certificate == other.certificate
        return says or shows or is_same_device(one, other)
    return is_same_device(one, other)


def excepted(rule: AcrossRule, site: Site) -> frozenset[str]:
    """Returns the tags that a condition across tags excepts."""
    return frozenset(name for name, tag in site.tags.items() if names_tag(rule.except_, tag))


def group_of(rule: GroupRule, place: str, site: Site) -> TagGroup:
    """Returns a group with its tags."""
    tags = [tag for tag in site.tags.values() if names_tag(rule.tags, tag)]
    return TagGroup(
        id=rule.id,
        tags=frozenset(tag.name for tag in tags),
        writes=rule.writes,
        travel=rule.travel.value if rule.travel else None,
        unit=rule.travel.unit if rule.travel else "",
        rounding={tag.name: rounding(tag) for tag in tags},
        within_s=rule.within,
        place=place,
    )
