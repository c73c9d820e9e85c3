"""Goal of taking equipment out of service, and what brings it about."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.conditions import ConditionError, History, Truth, parse_condition

from .chain import Part, conjuncts

_OUT = "maintenance"
_MODE, _RUNNING = "mode", "running"

IsTrue = Callable[[str], bool]
"""Returns whether a bound condition is true now. Unknown is not."""


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
