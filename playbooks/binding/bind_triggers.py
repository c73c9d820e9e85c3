"""Binding of the plant, the style and the triggers of a playbook."""

from collections.abc import Iterator
from datetime import time
from difflib import get_close_matches
from typing import get_args

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import Condition

from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.names import RoleBinding
from ..language.schema_start import AllItemSpec, TriggerItemSpec, Weekday
from .start import Schedule, Trigger, TriggerPart

_WEEK: tuple[Weekday, ...] = get_args(Weekday)
_ALARM = "active"  # the attribute of an alarm's tag


class TriggerBinder:
    """Binds triggers for one role binding. Findings are added to the expressions."""

    def __init__(
        self, playbook: Playbook, site: Site, role_binding: RoleBinding, expressions: Expressions
    ) -> None:
        self._playbook, self._site = playbook, site
        self._roles = role_binding.roles
        self._read = expressions

    def triggers(self) -> Iterator[Trigger]:
        """Yields the triggers for this equipment."""
        file = self._playbook.file
        trigger = file.trigger
        if trigger is None:
            return
        rearm = self._read.condition(("trigger", "rearm"), trigger.rearm) if trigger.rearm else None
        for path, item in self._items():
            if item.alarm or item.when:
                part = self._part(item, path)
                yield Trigger(part.condition, (part,), rearm, self._playbook.place(path))
        if trigger.all and file.roles == self._roles:
            yield self._joined(trigger.all, rearm)

    def schedules(self) -> Iterator[Schedule]:
        """Yields the schedules for this equipment."""
        for path, item in self._items():
            if each := item.schedule:
                named = each.days or _WEEK
                yield Schedule(
                    tuple(map(time.fromisoformat, each.at)), frozenset(map(_WEEK.index, named)),
                    each.words, self._playbook.place(path),
                )  # fmt: skip

    @property
    def is_manual(self) -> bool:
        """Whether a person may order a start with this equipment."""
        return any(item.manual for _, item in self._items())

    def _items(self) -> Iterator[tuple[Path_, TriggerItemSpec]]:
        file = self._playbook.file
        for n, item in enumerate(file.trigger.any if file.trigger else ()):
            if {**file.roles, **item.bind} == self._roles:
                yield ("trigger", "any", n), item

    def _joined(self, items: list[AllItemSpec], rearm: Condition | None) -> Trigger:
        path: Path_ = ("trigger", "all")
        before = len(self._read.findings)
        parts = tuple(self._part(item, (*path, n)) for n, item in enumerate(items))
        # Parts that could not be bound are reported already.
        text = " and ".join(f"({each.condition.bound})" for each in parts)
        is_bound = len(self._read.findings) == before
        whole = self._read.joined(path, text) if is_bound else parts[0].condition
        return Trigger(whole, parts, rearm, self._playbook.place(path))

    def _part(self, item: AllItemSpec | TriggerItemSpec, path: Path_) -> TriggerPart:
        return TriggerPart(self._condition(item, path), item.for_ or 0.0)

    def _condition(self, item: AllItemSpec | TriggerItemSpec, path: Path_) -> Condition:
        if not item.alarm:
            return self._read.condition((*path, "when"), item.when)
        tag = self._site.tags.get(f"{item.alarm}.{_ALARM}")
        if tag is None or tag.kind != "bool":
            reason = f"there is no alarm {item.alarm!r}: no tag {item.alarm}.{_ALARM} that is "
            self._read.report("unknown-name", (*path, "alarm"), f"{reason}true or false")
            return self._read.condition(path, "false")
        return self._read.condition((*path, "alarm"), tag.name)


def check_plant(playbook: Playbook, site: Site, expressions: Expressions) -> None:
    """Reports a playbook that was written for another plant than the site's.

    A site that names no plant is not compared.
    """
    named = playbook.file.plant
    if not named or not site.plant or named == site.plant:
        return
    text = f"it was written for {named!r}, and the plant of this site is {site.plant!r}"
    is_typo = bool(get_close_matches(named, [site.plant], cutoff=0.7))
    hint = f"did you mean {site.plant!r}?" if is_typo else "check every tag before you change it"
    expressions.report("other-plant", ("plant",), text, hint)


def check_style(playbook: Playbook, expressions: Expressions) -> None:
    """Reports writes of a manual playbook, and steps of an automated one that ask a person."""
    file = playbook.file
    if file.style == "manual":
        found = [f"step {each.id}" for each in file.steps if each.write]
        found += ["the safe state"] if file.safe_state else []
        text, hint = "a manual playbook writes nothing", "let people do it, or change the style"
    elif file.style == "automated":
        asking = (each for each in file.steps if each.hold_point or each.approval or each.manual)
        found = [f"step {each.id}" for each in asking]
        text = "an automated playbook asks once, for all of its steps"
        hint = "leave out what asks there, or write style: computer-assisted"
    else:
        return
    if found:
        what = "writes" if file.style == "manual" else "asks a person"
        named = f"{', '.join(found)} {what}"
        expressions.report("against-style", ("style",), f"{text}, and {named}", hint)
