"""Limits across tags, which are conditions that a write must find or leave true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Value

from ...conditions.condition import Condition, parse_condition, with_written
from ...conditions.errors import ConditionError
from ...conditions.truth import Truth
from .policy import CrossTagRule, Policy


@dataclass(frozen=True, slots=True)
class CrossLimit:
    """One limit across tags, checked against the site's tags.

    A limit of `now` is a precondition of every write. A limit of `after` concerns writes of its
    own tags and of other tags of the same equipment, its parts, and what it is part of: a command
    to a pump, or to its group, may change whether the pump runs. A tag without equipment may
    belong to anything, so every condition concerns it, and its conditions concern every write.
    """

    rule: CrossTagRule
    condition: Condition
    # For each tag that the condition reads, the equipment whose commands may change it; an empty
    # name stands for tags without equipment.
    places: Mapping[str, frozenset[str]]

    def concerns(self, tag: Tag) -> bool:
        """Whether a write of the tag is judged by it."""
        if self.rule.with_ == "now" or tag.name in self.places:
            return True
        if tag.name in self.rule.excepted:
            return False
        return any(tag.equipment in place for place in self.places.values())

    def denial(self, readings: Mapping[str, DataValue], tag: Tag, value: Value) -> Denial | None:
        """Returns the denial of a write. An unknown condition denies."""
        return self.judged(readings, tag, value)[1]

    def read_for(self, tag: Tag) -> list[str]:
        """Returns the tags whose readings decide about a write of a tag."""
        if self.rule.with_ == "now":
            return list(self.condition.tags)
        if tag.name in self.places:
            return [name for name in self.condition.tags if name != tag.name]
        return [name for name, place in self.places.items() if tag.equipment not in place]

    def judged(
        self, readings: Mapping[str, DataValue], tag: Tag, value: Value
    ) -> tuple[Truth, Denial | None]:
        """Returns the truth of the condition for a write, and the denial. See `denial`."""
        try:
            return self._judged(readings, tag, value) if self.concerns(tag) else (Truth.TRUE, None)
        except Exception as error:  # noqa: BLE001 - every error denies
            reason = f"{self.rule.id}: it cannot be evaluated: {type(error).__name__}"
            return Truth.FALSE, Denial("cross_limit", reason)

    def _judged(
        self, readings: Mapping[str, DataValue], tag: Tag, value: Value
    ) -> tuple[Truth, Denial | None]:
        if self.rule.with_ == "now":
            now = self.condition.evaluate(readings)
            return now, None if now is Truth.TRUE else self._denial(f"is {now.value} now", readings)
        if tag.name in self.places:
            after = self.condition.evaluate(with_written(readings, tag.name, value))
            is_allowed = after is Truth.TRUE
        else:
            # The effect of the write on other tags of its equipment is not known, so the limit
            # must hold without them, unless it is violated already.
            rest = {
                name: reading
                for name, reading in readings.items()
                if tag.equipment not in self.places.get(name, ())
            }
            after = self.condition.evaluate(rest)
            is_broken = self.condition.evaluate(readings) is Truth.FALSE
            is_allowed = after is Truth.TRUE or is_broken
        return after, None if is_allowed else self._denial(f"would be {after.value}", readings)

    def _denial(self, verdict: str, readings: Mapping[str, DataValue]) -> Denial:
        reason = f"{self.rule.id}: {self.condition.shown(readings)} {verdict}"
        return Denial("cross_limit", reason)


def cross_limits(site: Site, policy: Policy) -> tuple[CrossLimit, ...]:
    """Returns the policy's limits across tags. One that is not valid raises `ConfigError`."""
    problems: list[Problem] = []
    limits: list[CrossLimit] = []
    for rule in policy.across:
        try:
            condition = parse_condition(rule.text, site.tags)
        except ConditionError as error:
            problems.append(rule.problem(str(error)))
        else:
            places = {name: _reach(site, site.tags[name].equipment) for name in condition.tags}
            limits.append(CrossLimit(rule, condition, places))
    if problems:
        raise ConfigError(problems)
    return tuple(limits)


def _reach(site: Site, equipment: str) -> frozenset[str]:
    if not equipment:
        return frozenset(("", *site.equipment))
    return frozenset(("", *site.scopes_of(equipment), *site.members_of(equipment)))


def cross_tags(limits: Sequence[CrossLimit], tag: Tag) -> set[str]:
    """Returns the tags that must be read to judge a write of a tag."""
    return {name for each in limits if each.concerns(tag) for name in each.condition.tags}
