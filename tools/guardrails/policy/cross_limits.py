"""Limits across several tags: what a write must find true, or must not break."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """One such limit, checked against the site's tags.

    One judged `now` is a precondition of every write. One judged `after` concerns the writes
    of its own tags, and of any other tag of the same equipment, of what that is part of and of
    its parts: whoever commands a pump, or the whole pump group, may change whether it runs. A
    tag of no equipment may belong to anything: its writes are concerned by every condition, and
    a condition that reads it by every write.

    Attributes:
        places: For each tag that the condition reads, the equipment whose commands may change
            it; empty stands for the tags of none.
    """

    rule: CrossTagRule
    condition: Condition
    places: Mapping[str, frozenset[str]]

    def concerns(self, tag: Tag) -> bool:
        """Whether a write of the tag is judged by it."""
        if self.rule.with_ == "now" or tag.name in self.places:
            return True
        if tag.name in self.rule.excepted:
            return False
        return any(tag.equipment in place for place in self.places.values())

    def denial(self, readings: Mapping[str, DataValue], tag: Tag, value: Value) -> str:
        """Returns why a write is denied; empty if it is not.

        What is not known denies, and so does what cannot be judged.
        """
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
    ) -> tuple[Truth, str]:
        """Returns what the condition comes to, and why a write is denied for it; see `denial`."""
        try:
            return self._judged(readings, tag, value) if self.concerns(tag) else (Truth.TRUE, "")
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a no, and with a reason
            reason = f"{self.rule.id}: it cannot be judged: {type(error).__name__}"
            return Truth.FALSE, reason

    def _judged(
        self, readings: Mapping[str, DataValue], tag: Tag, value: Value
    ) -> tuple[Truth, str]:
        if self.rule.with_ == "now":
            now = self.condition.evaluate(readings)
            return now, "" if now is Truth.TRUE else self._words(f"is {now.value} now", readings)
        if tag.name in self.places:
            after = self.condition.evaluate(with_written(readings, tag.name, value))
            is_allowed = after is Truth.TRUE
        else:
            # Nobody knows what the write does to the other tags of its equipment. The limit
            # must hold without them; one that is broken anyway has nothing left to break.
            rest = {
                name: reading
                for name, reading in readings.items()
                if tag.equipment not in self.places.get(name, ())
            }
            after = self.condition.evaluate(rest)
            is_broken = self.condition.evaluate(readings) is Truth.FALSE
            is_allowed = after is Truth.TRUE or is_broken
        return after, "" if is_allowed else self._words(f"would be {after.value}", readings)

    def _words(self, verdict: str, readings: Mapping[str, DataValue]) -> str:
        return f"{self.rule.id}: {self.condition.shown(readings)} {verdict}"


def cross_limits(site: Site, policy: Policy) -> tuple[CrossLimit, ...]:
    """Returns the policy's limits across tags.

    Raises:
        ConfigError: A condition is none, or names what the site does not have.
    """
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
    """Returns the equipment whose commands may change a tag: its own, its parts, what it is in."""
    if not equipment:
        return frozenset(("", *site.equipment))
    return frozenset(("", *site.scopes_of(equipment), *site.members_of(equipment)))


def cross_tags(limits: Sequence[CrossLimit], tag: Tag) -> set[str]:
    """Returns the tags that must be read to judge a write of a tag."""
    return {name for each in limits if each.concerns(tag) for name in each.condition.tags}
