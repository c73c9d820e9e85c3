"""Chain of released steps that brings about a goal, found backwards from it, and the goals.

A step's effects are what it verifies and the truths that it writes. Its preconditions are its own
`if` and the permissives of its playbook. Nothing is known of a step but these texts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Step
from handwheel.tools.conditions import ConditionError, History, Truth, parse_condition
from handwheel.tools.conditions.grammar import parse_tree

if TYPE_CHECKING:
    from lark import Token, Tree

MOST_STEPS = 6
"""Most steps of a composed plan."""
_OUT = "maintenance"
_MODE, _RUNNING = "mode", "running"

IsTrue = Callable[[str], bool]
"""Returns whether a bound condition is true now. Unknown is not."""


@dataclass(frozen=True, slots=True)
class Part:
    """Step of a released playbook, with the playbook that it is from."""

    plan: BoundPlaybook
    step: Step

    @property
    def effects(self) -> frozenset[str]:
        """Conditions that are true once the step is verified."""
        verified = conjuncts(self.step.verify.that.bound) if self.step.verify else ()
        written = (
            each.tag.name if each.value else f"not {each.tag.name}"
            for each in self.step.writes
            if isinstance(each.value, bool)
        )
        return frozenset([*verified, *written])

    @property
    def preconditions(self) -> list[str]:
        """Conditions that must be true before the step."""
        own = [self.step.if_] if self.step.if_ else []
        conditions = [*own, *(each.condition for each in self.plan.permissives)]
        return [part for each in conditions for part in conjuncts(each.bound)]


def parts_of(plans: Iterable[BoundPlaybook]) -> list[Part]:
    """Returns the steps of released playbooks that can be used elsewhere.

    Those are steps with writes that are verified, without a ramp. Steps of a playbook with a lease
    are left out, since the lease is of its run.
    """
    return [
        Part(plan, step)
        for plan in plans
        if plan.lease_s is None
        for step in plan.steps
        if step.writes and step.verify and step.ramp_per_s is None
    ]


def conjuncts(text: str) -> tuple[str, ...]:
    """Returns the parts of a bound condition that are joined by `and`."""
    return tuple(_parts(text, parse_tree(text)))


def _parts(text: str, node: "Tree[Token] | Token") -> Iterable[str]:
    if isinstance(node, str):
        yield text[node.start_pos : node.end_pos]
        return
    kind, children = str(node.data), node.children
    if kind in {"start", "both", "group"}:
        for each in children:
            yield from _parts(text, cast("Tree[Token]", each))
    else:
        yield text[node.meta.start_pos : node.meta.end_pos]


def chain(
    goal: str, parts: Sequence[Part], is_true: Callable[[str], bool], most: int = MOST_STEPS
) -> list[Part]:
    """Returns the steps that bring about a goal, in their order, empty if none do.

    What the goal joins by `and` is brought about in that order. A step that would undo what is
    wanted already is not used.

    Args:
        goal: Bound condition.
        is_true: Whether a bound condition is true now; unknown is not.
    """
    found = _Chain(parts, is_true, most)
    return found.steps if found.reach(conjuncts(goal), ()) and found.steps else []


class _Chain:
    def __init__(self, parts: Sequence[Part], is_true: Callable[[str], bool], most: int) -> None:
        self._parts, self._is_true, self._most = parts, is_true, most
        self.steps: list[Part] = []
        self._reached: set[str] = set()

    def reach(self, wanted: Sequence[str], open_: tuple[Part, ...]) -> bool:
        """Adds steps until all that is wanted is true, and returns whether it can be."""
        for text in wanted:
            if text in self._reached or (self._is_true(text) and not self._is_undone(text)):
                continue
            if not any(
                self._takes(each, wanted, open_) for each in self._parts if text in each.effects
            ):
                return False
        return True

    def _is_undone(self, text: str) -> bool:
        return any(_negated(text) in each.effects for each in self.steps)

    def _takes(self, part: Part, wanted: Sequence[str], open_: tuple[Part, ...]) -> bool:
        """Adds a step after what it needs, else nothing."""
        if part in open_ or part in self.steps or len(open_) >= self._most:
            return False
        if any(_negated(text) in part.effects for text in wanted):
            return False
        steps, reached = list(self.steps), set(self._reached)
        if self.reach(part.preconditions, (*open_, part)) and len(self.steps) < self._most:
            self.steps.append(part)
            self._reached -= {_negated(each) for each in part.effects}
            self._reached |= part.effects
            return True
        self.steps, self._reached = steps, reached
        return False


def _negated(text: str) -> str:
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


def out_of_service(site: Site, equipment: str) -> tuple[str, ...]:
    """Returns the conditions that are true while equipment is out of service.

    It stands still, if a tag tells, and is in maintenance. Without a mode `maintenance` there are
    none.
    """
    mode, running = f"{equipment}.{_MODE}", f"{equipment}.{_RUNNING}"
    if mode not in site.tags or _OUT not in site.tags[mode].members:
        return ()
    still = [f"not {running}"] if running in site.tags else []
    return (*still, f"{mode} == '{_OUT}'")


def brings_about(plan: BoundPlaybook, goal: Sequence[str], is_true: IsTrue) -> bool:
    """Returns whether a complete run of a playbook brings about what is not true of a goal yet."""
    effects = set(conjuncts(plan.achieves.bound)) if plan.achieves else set[str]()
    for step in plan.steps:
        effects |= Part(plan, step).effects
        words = (each for each in step.writes if isinstance(each.value, str) or each.tag.members)
        effects |= {f"{each.tag.name} == '{each.shown}'" for each in words}
    is_whole = all(each in effects or is_true(each) for each in goal)
    return is_whole and not effects.isdisjoint(goal)


def missing(goal: Sequence[str], parts: Sequence[Part], is_true: IsTrue) -> Iterator[str]:
    """Yields the conditions of a goal that are not true, and that no step brings about."""
    effects = {effect for each in parts for effect in each.effects}
    yield from (each for each in goal if each not in effects and not is_true(each))


def true_in(tags: Mapping[str, Tag], readings: Readings, history: History) -> IsTrue:
    """Returns the truth of bound conditions by readings and the windows before them."""

    def is_true(text: str) -> bool:
        try:
            condition = parse_condition(text, tags, windows=True)
        except ConditionError:
            return False
        return condition.evaluate(readings, history) is Truth.TRUE

    return is_true
