"""Binding of the triggers of a playbook."""

from collections.abc import Iterator

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import Condition

from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.names import RoleBinding
from ..language.schema_start import AllItemSpec
from .start import Trigger, TriggerPart

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
        for n, item in enumerate(trigger.any):
            if {**file.roles, **item.bind} == self._roles:
                path: Path_ = ("trigger", "any", n)
                part = self._part(item, path)
                yield Trigger(part.condition, (part,), rearm, self._playbook.place(path))
        if trigger.all and file.roles == self._roles:
            yield self._joined(trigger.all, rearm)

    def _joined(self, items: list[AllItemSpec], rearm: Condition | None) -> Trigger:
        path: Path_ = ("trigger", "all")
        before = len(self._read.findings)
        parts = tuple(self._part(item, (*path, n)) for n, item in enumerate(items))
        # Parts that could not be bound are reported already.
        text = " and ".join(f"({each.condition.bound})" for each in parts)
        is_bound = len(self._read.findings) == before
        whole = self._read.joined(path, text) if is_bound else parts[0].condition
        return Trigger(whole, parts, rearm, self._playbook.place(path))

    def _part(self, item: AllItemSpec, path: Path_) -> TriggerPart:
        return TriggerPart(self._condition(item, path), item.for_ or 0.0)

    def _condition(self, item: AllItemSpec, path: Path_) -> Condition:
        if not item.alarm:
            return self._read.condition((*path, "when"), item.when)
        tag = self._site.tags.get(f"{item.alarm}.{_ALARM}")
        if tag is None or tag.kind != "bool":
            reason = f"there is no alarm {item.alarm!r}: no tag {item.alarm}.{_ALARM} that is "
            self._read.report("unknown-name", (*path, "alarm"), f"{reason}true or false")
            return self._read.condition(path, "false")
        return self._read.condition((*path, "alarm"), tag.name)
