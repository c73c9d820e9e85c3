"""Agent that acts on each alarm, and diagnoses nothing."""

from collections.abc import Iterator

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Quality
from handwheel.playbooks.binding.model import BoundPlaybook

from .own_agent import Begin, Seen

_ACTIVE = ".active"
_AGAIN_S = 60.0
"""Process time after which an alarm that nothing could be done about is tried again."""


class EachAlarm:
    """Begins one playbook for each alarm, the first that nothing prevents.

    First come those with the alarm as a trigger, then those over its equipment, in the order of
    the library. An alarm that has gone and comes again is a new one.
    """

    def __init__(self) -> None:
        self._answered = set[str]()
        self._next_s: dict[str, float] = {}

    async def act(self, seen: Seen, begin: Begin) -> None:
        """Acts on the alarms that stand. See `OwnAgent.act`."""
        standing = [each for each in seen.site.tags.values() if _is_active(each, seen)]
        names = {each.name for each in standing}
        self._answered &= names
        self._next_s = {name: at_s for name, at_s in self._next_s.items() if name in names}
        for alarm in standing:
            if alarm.name in self._answered or seen.now_s < self._next_s.get(alarm.name, 0.0):
                continue
            for plan in _answers(alarm, seen):
                if not isinstance(await begin(plan), Denial):
                    self._answered.add(alarm.name)
                    break
            self._next_s[alarm.name] = seen.now_s + _AGAIN_S


def _is_active(tag: Tag, seen: Seen) -> bool:
    if tag.kind != "bool" or not tag.name.endswith(_ACTIVE):
        return False
    reading = seen.readings.get(tag.name)
    if reading is None or reading.quality is not Quality.GOOD:
        return False
    return reading.scalar is True


def _answers(alarm: Tag, seen: Seen) -> Iterator[BoundPlaybook]:
    triggered = [each for each in seen.plans if _is_trigger(alarm, each)]
    yield from triggered
    equipment = _equipment(alarm, seen.site)
    yield from (each for each in seen.plans if equipment in each.assets and each not in triggered)


def _is_trigger(alarm: Tag, plan: BoundPlaybook) -> bool:
    parts = (part for trigger in plan.triggers for part in trigger.parts)
    return any(alarm.name in part.condition.tags for part in parts)


def _equipment(alarm: Tag, site: Site) -> str:
    """Returns the equipment of an alarm, else that of the tag that its description begins with."""
    measured = site.tags.get(f"{alarm.label.partition(' ')[0]}.pv")
    return alarm.equipment or (measured.equipment if measured else "")
