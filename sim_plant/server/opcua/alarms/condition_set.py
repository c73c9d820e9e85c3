"""All alarms of a plant as OPC UA conditions, with their nodes and events."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

from asyncua import ua
from asyncua.server.internal_server import InternalServer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from ....model import PlantTag
from ...process_image import ProcessImage
from ..address_space import SpaceBuilder
from ..node_adder import NodeAdder
from ..node_ids import plant_node, standard_node
from ..status_codes import QUALITIES
from .condition import AlarmCondition, ConditionComment, ConditionSource
from .event_fields import EventNotification, base_fields
from .monitored_items import PlantItems

_SERVER = standard_node(ObjectIds.Server)
_METHODS = (
    ObjectIds.AcknowledgeableConditionType_Acknowledge,
    ObjectIds.ConditionType_Enable,
    ObjectIds.ConditionType_Disable,
    ObjectIds.ConditionType_AddComment,
)
_BRACKET_SEVERITY = 1


class Conditions:
    """The conditions of one server by their ConditionId, whose subscriptions get the events."""

    def __init__(self, server: InternalServer, image: ProcessImage) -> None:
        self._server = server
        self._image = image
        self.by_node: dict[ua.NodeId, AlarmCondition] = {}

    async def build(self, adder: NodeAdder, space: SpaceBuilder, root: ua.NodeId) -> None:
        """Adds a node for every alarm, below the area of its `.active` tag."""
        tags = {tag.name: tag for tag in self._image.tags}
        for alarm in self._image.alarms:
            home = space.areas.get(f"{alarm.tag}.active") or root
            source = _source(alarm.measures, tags, space, (_SERVER, root, home))
            node = plant_node(alarm.tag, adder.namespace)
            no_comment = ConditionComment(ua.LocalizedText(), "", self._image.sampled_at)
            state = self._image.alarm_states[alarm.tag]
            condition = AlarmCondition(
                alarm, node, source, state, no_comment, EventNotification({})
            )
            self._make_event(condition)
            self.by_node[node] = condition
            await _build(adder, condition, home)

    async def update(self) -> None:
        """Sends an event for every alarm whose state has changed since the last one."""
        states = self._image.alarm_states
        for condition in self.by_node.values():
            if not condition.has_reported(states[condition.definition.tag]):
                event = self._make_event(condition)
                await self._show(condition)
                for each in self._server.subscription_service.subscriptions.values():
                    items = cast(PlantItems, each.monitored_item_srv)
                    await items.notify(event, condition.source.notifiers)

    def _make_event(self, condition: AlarmCondition) -> EventNotification:
        image, tag = self._image, condition.source.tag
        quality = QUALITIES[image.qualities[tag]] if tag in image.qualities else StatusCodes.Good
        state = image.alarm_states[condition.definition.tag]
        return condition.make_event(
            state, float(image.values.get(tag, 0.0)), quality, image.sampled_at
        )

    async def _show(self, condition: AlarmCondition) -> None:
        write = self._server.aspace.write_attribute_value
        namespace = cast(int, condition.node.NamespaceIndex)
        for path, value in condition.event.fields.items():
            node = plant_node(f"{condition.definition.tag}/{path}", namespace)
            await write(node, AttributeIds.Value, ua.DataValue(value))

    async def refresh(self, items: PlantItems, only: int | None) -> None:
        """Sends the retained conditions again, in brackets, to a subscription or one item."""
        events = [
            (each.event, each.source.notifiers)
            for each in self.by_node.values()
            if each.is_retained
        ]
        start = _bracket(ObjectIds.RefreshStartEventType, "refresh starts")
        end = _bracket(ObjectIds.RefreshEndEventType, "refresh ends")
        await items.refresh((start, end), events, only)


def _source(
    measures: str,
    tags: Mapping[str, PlantTag],
    space: SpaceBuilder,
    notifiers: tuple[ua.NodeId, ...],
) -> ConditionSource:
    name = measures if measures in tags else f"{measures}.pv"
    has_level = name in tags
    if not has_level:  # something about a transmitter, or about a piece of equipment
        name = f"{measures.partition('.')[0]}.pv"
    variable = space.nodes.get(name)
    area = space.areas.get(name) or notifiers[-1]
    return ConditionSource(
        node=variable or area,
        area=area,
        name=name.partition(".")[0],
        tag=name,
        input=variable or ua.NodeId(),
        notifiers=tuple(dict.fromkeys((*notifiers, area))),
        unit=tags[name].unit if has_level else "",
        has_level=has_level,
    )


async def _build(adder: NodeAdder, condition: AlarmCondition, home: ua.NodeId) -> None:
    alarm = condition.definition
    name = alarm.tag
    text = f"{alarm.consequence}; {alarm.response}, within {alarm.respond_within}"
    await adder.object(
        name, home, condition.kind, reference=ObjectIds.HasComponent, description=text
    )
    if condition.source.has_level:
        await adder.object(
            f"{name}/LimitState",
            condition.node,
            ObjectIds.ExclusiveLimitStateMachineType,
            reference=ObjectIds.HasComponent,
            browse_name=ua.QualifiedName("LimitState", 0),
        )
    for path, value in condition.event.fields.items():
        parent, _, own = f"{name}/{path}".rpartition("/")
        kind = _kind(path)
        is_property = kind == ObjectIds.PropertyType
        await adder.variable(
            f"{name}/{path}",
            plant_node(parent, adder.namespace),
            ObjectIds.HasProperty if is_property else ObjectIds.HasComponent,
            kind,
            value,
            browse_name=ua.QualifiedName(own, 0),
        )
    for method in _METHODS:  # of the type; OPC UA Part 3, 5.5.1 lets instances share them
        target = standard_node(method)
        await adder.refer(condition.node, ObjectIds.HasComponent, target, ua.NodeClass.Method)
    source = condition.source
    await adder.refer(source.node, ObjectIds.HasCondition, condition.node, ua.NodeClass.Object)
    if source.node != source.area:
        await adder.refer(source.area, ObjectIds.HasEventSource, source.node, ua.NodeClass.Variable)


def _kind(path: str) -> int:
    if path in {"EnabledState", "AckedState", "ActiveState"}:
        return ObjectIds.TwoStateVariableType
    if path in {"Quality", "LastSeverity", "Comment"}:
        return ObjectIds.ConditionVariableType
    if path == "LimitState/CurrentState":
        return ObjectIds.FiniteStateVariableType
    return ObjectIds.PropertyType


def _bracket(kind: int, text: str) -> EventNotification:
    source, now = (_SERVER, "Server"), datetime.now(UTC)
    node = standard_node(kind)
    return EventNotification(base_fields(uuid4().bytes, node, source, text, _BRACKET_SEVERITY, now))
