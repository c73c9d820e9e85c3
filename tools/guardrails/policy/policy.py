"""Policy of a site on the values that may be written and their approval.

No matching rule denies, forbid wins, and of several rules the strictest holds.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import Document, parse_content, read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import POLICY_FILE, Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Value

from .areas import Roles, roles_of
from .groups import TagGroup
from .quantities import Range
from .rules import TagRules, excepted, group_of, place_of, rules_by_tag
from .schema import PolicyFile, RequestLimits, RiskClass
from .suspend import Suspend
from .validation import check_policy
from .value_limits import risk, step_denials, tag_denials, value_denials

PEOPLE: Mapping[RiskClass, int] = {"R1": 1, "R2": 1, "R3": 2, "R4": 2}
"""Number of different people who must sign a request of a class."""
_NO_JUDGEMENT = "the policy cannot be evaluated here"
_MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Ruling:
    """Ruling of the policy on one write."""

    is_allowed: bool
    risk_class: RiskClass  # `R1` to `R4`; no approval lifts an `R4`
    roles: tuple[str, ...]  # roles that must have signed
    quorum: int  # number of different people who must sign
    reasons: tuple[str, ...]  # reasons of the denial, or of a class above the rule's own
    rules: tuple[str, ...]  # places of the rules that matched: `policy.yaml:12`
    limits: tuple[float, float] | None = None  # lowest and highest value, in the tag's unit
    band: tuple[float, float] | None = None  # lowest and highest value of the normal band
    max_step: float | None = None  # largest distance from the present value
    rate_per_s: float | None = None  # largest change per second, checked against earlier writes
    cooldown_s: float = 0.0  # shortest time since the last write, seconds


def _denied(*reasons: str) -> Ruling:
    return Ruling(False, "R4", (), PEOPLE["R4"], reasons, ())


@dataclass(frozen=True, slots=True)
class CrossTagRule:
    """Condition over several tags, as text, with its place."""

    id: str
    text: str
    with_: str  # `after` the write, or `now` before it
    file: str
    line: int
    column: int
    excepted: frozenset[str] = frozenset()  # tags whose writes do not affect it, as the rule states
    place: str = ""  # its place, `policy.yaml:12`

    def problem(self, reason: str) -> Problem:
        """Returns a problem at the place of the condition."""
        return Problem(self.file, self.line, self.column, f"across.{self.id}.that", reason)


@dataclass(frozen=True, slots=True)
class Policy:
    """Checked policy of a site."""

    across: tuple[CrossTagRule, ...]  # conditions that every write must find or leave true
    ttl_max_s: float  # longest wait of a request for its last signature, seconds
    unattended: bool  # whether unattended decisions count; every device is simulated then
    groups: tuple[TagGroup, ...]  # groups with limits on writes or travel
    asking: RequestLimits  # limits of requests
    suspend: Suspend  # limits of alarms and of the disk
    _rules_by_tag: Mapping[str, TagRules]
    _roles: Roles

    def satisfies(self, held: str, wanted: str, tags: Collection[str] | None = None) -> bool:
        """Whether a role may act as another for some tags. An unknown role never may.

        Without any tags only roles without areas count.
        """
        return self._roles.satisfies(held, wanted, tags)

    def satisfied(self, held: str, wanted: str, tags: Collection[str] | None = None) -> bool:
        """Whether a role counted as another in an earlier decision. See `satisfies`.

        A role that was removed from the policy counts as itself, since its areas are not known.
        """
        is_gone = held == wanted and not self.has_role(held)
        return is_gone or self.satisfies(held, wanted, tags)

    @property
    def role_names(self) -> tuple[str, ...]:
        """Names of the roles."""
        return tuple(self._roles.acts_as)

    def has_role(self, role: str) -> bool:
        """Whether the policy has a role."""
        return role in self._roles.acts_as

    def areas_of(self, role: str) -> tuple[str, ...] | None:
        """Returns the areas of a role, or `None` if it counts everywhere."""
        return self._roles.areas.get(role)

    def has_use_for(self, role: str) -> bool:
        """Whether any write may be approved in a role."""
        return any(
            self.satisfies(role, wanted, (rules.tag.name,))
            for rules in self._rules_by_tag.values()
            for wanted in rules.roles
        )

    def groups_of(self, tag: str) -> tuple[TagGroup, ...]:
        """Returns the groups that a tag belongs to."""
        return tuple(each for each in self.groups if tag in each.tags)

    def allowed(self) -> list[TagRules]:
        """Returns the combined rules of each tag that a rule allows to be written."""
        return [
            each
            for each in self._rules_by_tag.values()
            if each.is_allowed and each.is_writable and not each.forbidden
        ]

    def deciders(self, tag: str) -> Mapping[str, tuple[str, ...]]:
        """Returns for each point of a tag, such as `limits`, the rules that decide it."""
        rules = self._rules_by_tag.get(tag)
        return rules.deciders if rules is not None else {}

    def roles_for(self, tag: Tag) -> tuple[str, ...]:
        """Returns the roles that must sign a write of a tag, whatever the value."""
        rules = self._rules_by_tag.get(tag.name)
        return rules.roles if rules is not None and rules.tag == tag else ()

    def moved_to(self, tags: Mapping[str, Tag]) -> "Policy":
        """Returns the same policy for tags that have moved to other addresses of their devices.

        Args:
            tags: Every tag of the site, by its name.
        """
        moved = {name: replace(each, tag=tags[name]) for name, each in self._rules_by_tag.items()}
        return replace(self, _rules_by_tag=moved)

    def judge(
        self, tag: Tag, value: Value, now: DataValue | None, *, from_anywhere: bool = False
    ) -> Ruling:
        """Rules on one write. One that does not fit or cannot be evaluated is denied, never raised.

        Args:
            value: As the device would hold it; an enumeration's number, not its word.
            now: The tag's reading; `None` if not known, which fails every step limit.
            from_anywhere: Whether the step limit does not apply, as for a safe state.
        """
        rules = self._rules_by_tag.get(tag.name)
        if rules is None or rules.tag != tag:
            return _denied("it is no tag of this site")
        try:
            return self._judged(rules, value, now, from_anywhere=from_anywhere)
        except Exception as error:  # noqa: BLE001 - every error denies
            return _denied(f"{_NO_JUDGEMENT}: {type(error).__name__}")

    @staticmethod
    def _judged(
        rules: TagRules, value: Value, now: DataValue | None, *, from_anywhere: bool
    ) -> Ruling:
        never = (*tag_denials(rules), *value_denials(rules, value))
        raised = risk(rules, value)
        denied = never or (() if from_anywhere else step_denials(rules, value, now))
        risk_class: RiskClass = "R4" if never else max([rules.class_, *raised])
        return Ruling(
            is_allowed=not denied,
            risk_class=risk_class,
            roles=rules.roles,
            quorum=PEOPLE[risk_class],
            reasons=tuple(denied or raised.values()),
            rules=rules.places,
            limits=_ends(rules.limits),
            band=_ends(rules.band),
            max_step=rules.max_step,
            rate_per_s=rules.rate_per_s,
            cooldown_s=rules.cooldown_s,
        )


def load_policy(site: Site) -> Policy:
    """Reads and checks the policy of a site.

    Raises:
        ConfigError: It is missing, changed since the site was read, or not valid; with every
            problem.
    """
    path = site.root / POLICY_FILE
    if not path.exists():
        reason = "there is no such file, and without a policy nothing may be written: create it"
        raise ConfigError([Problem(str(path), 0, 0, "", reason)])
    document = read_policy(path)
    if document.sha256 != site.hashes["policy"]:
        reason = "it changed while the site was being read: start again"
        raise ConfigError([Problem(str(path), 0, 0, "", reason)])
    return build_policy(document, site)


def read_policy(path: Path) -> Document:
    """Parses a policy's file of at most 200 kB, since longer ones may take minutes.

    One that is longer, or is not valid YAML, raises `ConfigError`.
    """
    content = read_content(path)
    if len(content) > _MOST_BYTES:
        reason = f"cannot be read: larger than {_MOST_BYTES} bytes"
        raise ConfigError([Problem(str(path), 0, 0, "", reason)])
    return parse_content(content, str(path))


def read_policy_file(document: Document) -> PolicyFile:
    """Checks the schema of a policy without its site. A wrong key raises `ConfigError`."""
    return load_model(PolicyFile, document)


def build_policy(document: Document, site: Site) -> Policy:
    """Returns the policy of a document for a site, or raises `ConfigError` with every problem."""
    file = read_policy_file(document)
    problems = list(check_policy(file, document, site))
    if problems:
        raise ConfigError(problems)
    across = (
        CrossTagRule(
            rule.id,
            rule.that,
            rule.with_,
            document.file,
            *document.places["across", n, "that"],
            excepted(rule, site),
            place_of(document, "across", n),
        )
        for n, rule in enumerate(file.across)
    )
    return Policy(
        across=tuple(across),
        ttl_max_s=file.ttl_max,
        unattended=file.unattended == "simulated",
        _rules_by_tag=rules_by_tag(file, document, site),
        groups=tuple(
            group_of(rule, place_of(document, "groups", n), site)
            for n, rule in enumerate(file.groups)
        ),
        asking=file.asking,
        suspend=file.suspend,
        _roles=roles_of(file.roles, site),
    )


def _ends(span: Range | None) -> tuple[float, float] | None:
    return (span.low, span.high) if span else None
