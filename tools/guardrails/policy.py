"""The policy: whether a value may be written to a tag at all, and who must approve it.

No matching rule denies, forbid wins, and of several rules the strictest holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from sys import float_info
from typing import TypeGuard

from handwheel.connectors.documents import Document, read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.models import load_model
from handwheel.connectors.site import POLICY_FILE, Site
from handwheel.connectors.tags import NodeAddress, Tag
from handwheel.connectors.values import DataValue, Quality, Value

from .policy_file import PolicyFile, RiskClass
from .policy_rules import Standing, acting_as, check_policy, spared, standings
from .quantities import Quantity, Range

_PEOPLE: Mapping[RiskClass, int] = {"R1": 1, "R2": 1, "R3": 2, "R4": 2}
# How far a number may move when a device keeps it in 32 bits, and when it is scaled.
_FLOAT32, _FLOAT64 = 2.0**-23, 2.0**-51


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of one write.

    Attributes:
        risk_class: `R1` to `R4`; nothing lifts an `R4`.
        roles: Every role that must have signed.
        quorum: How many different people.
        reasons: Why it is denied, or why its class is higher than the rule's own.
        rules: Where the rules stand that matched: `policy.yaml:12`.
        limits: The ends beyond which nothing goes, in the tag's unit.
        band: The ends of the normal band.
        max_step: Largest distance from the present value.
        rate_per_s: Largest change a second, for whoever knows the earlier writes.
        cooldown_s: Shortest time since the last write, seconds.
    """

    is_allowed: bool
    risk_class: RiskClass
    roles: tuple[str, ...]
    quorum: int
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    limits: tuple[float, float] | None = None
    band: tuple[float, float] | None = None
    max_step: float | None = None
    rate_per_s: float | None = None
    cooldown_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Across:
    """A condition over several tags, still as text, and where it stands.

    Attributes:
        with_: `after`: judged as the write would make it; `now`: on the plant as it is.
        spared: The tags whose writes are said to change nothing that the condition reads.
    """

    id: str
    text: str
    with_: str
    file: str
    line: int
    column: int
    spared: frozenset[str] = frozenset()

    def problem(self, reason: str) -> Problem:
        """Returns a problem with the condition, at its place."""
        return Problem(self.file, self.line, self.column, f"across.{self.id}.that", reason)


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy of a site.

    Attributes:
        across: The conditions that every write must leave, or find, true.
        ttl_max_s: The longest that a request may wait for its last signature, seconds.
        unattended: Whether decisions count that no person made; every device is simulated.
    """

    across: tuple[Across, ...]
    ttl_max_s: float
    unattended: bool
    _standings: Mapping[str, Standing]
    _acts_as: Mapping[str, frozenset[str]]

    def satisfies(self, held: str, wanted: str) -> bool:
        """Whether a role may act as another; one that the policy does not know never may."""
        return wanted in self._acts_as.get(held, frozenset())

    def has_use_for(self, role: str) -> bool:
        """Whether some write may be approved in a role."""
        return any(
            self.satisfies(role, wanted)
            for standing in self._standings.values()
            for wanted in standing.roles
        )

    def judge(
        self, tag: Tag, value: Value, now: DataValue | None, *, from_anywhere: bool = False
    ) -> Ruling:
        """Rules on one write.

        Args:
            value: As the device would hold it; an enumeration's number, not its word.
            now: What the tag reads; `None` if that is not known, which fails every step limit.
            from_anywhere: Whether the step does not count: it leads into a safe state.

        Returns:
            A ruling for anything that is asked: what does not fit is denied, never raised.
        """
        standing = self._standings.get(tag.name)
        if standing is None or standing.tag != tag:
            return Ruling(False, "R4", (), _PEOPLE["R4"], ("it is no tag of this site",), ())
        never = (*_standing_denials(standing), *_value_denials(standing, value))
        raised = _risk(standing, value)
        denied = never or (() if from_anywhere else _step_denials(standing, value, now))
        risk_class: RiskClass = "R4" if never else max([standing.class_, *raised])
        return Ruling(
            is_allowed=not denied,
            risk_class=risk_class,
            roles=standing.roles,
            quorum=_PEOPLE[risk_class],
            reasons=tuple(denied or raised.values()),
            rules=standing.rules,
            limits=_ends(standing.limits),
            band=_ends(standing.band),
            max_step=standing.max_step,
            rate_per_s=standing.rate_per_s,
            cooldown_s=standing.cooldown_s,
        )


def load_policy(site: Site) -> Policy:
    """Reads and checks the policy of a site.

    Raises:
        ConfigError: It is missing, or was changed since the site was read, or is wrong; every
            problem at once.
    """
    path = site.root / POLICY_FILE
    if not path.exists():
        reason = "there is no such file, and without a policy nothing may be written: create it"
        raise ConfigError([Problem(str(path), 0, 0, "", reason)])
    document = read_document(path)
    if document.sha256 != site.hashes["policy"]:
        reason = "it changed while the site was being read: start again"
        raise ConfigError([Problem(str(path), 0, 0, "", reason)])
    return build_policy(document, site)


def read_policy_file(document: Document) -> PolicyFile:
    """Checks the form of a policy, without its site.

    Raises:
        ConfigError: Every key that is unknown, missing or of the wrong kind.
    """
    return load_model(PolicyFile, document)


def build_policy(document: Document, site: Site) -> Policy:
    """Returns the policy that a document describes, for a site.

    Raises:
        ConfigError: Every problem at once.
    """
    file = read_policy_file(document)
    problems = list(check_policy(file, document, site))
    if problems:
        raise ConfigError(problems)
    across = (
        Across(
            rule.id,
            rule.that,
            rule.with_,
            document.file,
            *document.places["across", n, "that"],
            spared(rule, site),
        )
        for n, rule in enumerate(file.across)
    )
    return Policy(
        across=tuple(across),
        ttl_max_s=file.ttl_max,
        unattended=file.unattended == "simulated",
        _standings=standings(file, document, site),
        _acts_as={role: acting_as(role, file.roles) for role in file.roles},
    )


def _ends(span: Range | None) -> tuple[float, float] | None:
    return (span.low, span.high) if span else None


def _standing_denials(standing: Standing) -> tuple[str, ...]:
    if standing.forbidden:
        return standing.forbidden
    if not standing.is_writable:
        return ("its tag or its connection is not for writing",)
    return () if standing.is_allowed else ("no rule allows it",)


def _value_denials(standing: Standing, value: Value) -> tuple[str, ...]:
    tag, limits = standing.tag, standing.limits
    if not _fits(tag, value):
        return (f"it is no value that a {tag.kind} of {tag.name} can have",)
    if tag.kind not in {"float", "int"} or not standing.is_allowed:
        return ()
    if limits is None:
        return ("no rule gives it limits",)
    if not _is_number(value) or not limits.holds(value):
        return (f"{tag.show_value(value)} lies outside the limits {limits}",)
    return ()


def _fits(tag: Tag, value: object) -> bool:
    match tag.kind:
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return _is_integer(value) and value in tag.members.values()
        case "int":
            return _is_integer(value) and _is_number(value)
        case "float":
            return _is_number(value)
        case _:
            return isinstance(value, str)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[int | float]:
    # Compared, not converted: an integer can be too large for a float, and NaN compares false.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -float_info.max <= value <= float_info.max


def _risk(standing: Standing, value: Value) -> dict[RiskClass, str]:
    """Returns the classes above its rules' own that the write has, each with the reason."""
    raised: dict[RiskClass, str] = {}
    if standing.band is None:
        raised["R2"] = "R2: it is no set point with a normal band"
    elif not (_is_number(value) and standing.band.holds(value)):
        raised["R2"] = f"R2: outside the normal band {standing.band}"
    if not standing.is_commissioned:
        raised["R3"] = "R3: nobody has commissioned the rule"
    return {class_: why for class_, why in raised.items() if class_ > standing.class_}


def _precision(tag: Tag) -> float:
    """Returns by how much, of itself, a number of this tag may differ from the one meant."""
    if tag.kind != "float":
        return 0.0
    is_single = isinstance(tag.address, NodeAddress) or tag.address.encoding == "float32"
    return _FLOAT32 if is_single else _FLOAT64


def _step_denials(standing: Standing, value: Value, now: DataValue | None) -> tuple[str, ...]:
    largest = standing.max_step
    if largest is None or not _is_number(value):
        return ()
    present = now.value if now is not None and now.quality is Quality.GOOD else None
    if not _is_number(present):
        return ("its step is limited, and its present value is not known",)
    slack = _precision(standing.tag) * max(abs(value), abs(present))
    if abs(value - present) <= largest + slack:
        return ()
    step, most = (Quantity(n, standing.tag.unit) for n in (abs(value - present), largest))
    return (f"a step of {step} is more than the {most} allowed",)
