"""Alarm as an OPC UA condition, with the fields of its events.

Source: OPC UA Part 9, ExclusiveLevelAlarmType, OffNormalAlarmType and what they inherit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from ....alarm import AlarmDefinition, AlarmState, Priority
from ..node_ids import standard_node
from ..status_codes import status
from .event_fields import EventNotification, base_fields, variants

TYPES = (ObjectIds.ExclusiveLevelAlarmType, ObjectIds.OffNormalAlarmType)
SEVERITIES = {Priority.HIGH: 800, Priority.MEDIUM: 500, Priority.LOW: 200}

_TEXT, _NODE, _TIME = (
    ua.VariantType.LocalizedText, ua.VariantType.NodeId, ua.VariantType.DateTime,
)  # fmt: skip
_BOOLEAN, _DOUBLE = ua.VariantType.Boolean, ua.VariantType.Double


@dataclass(frozen=True, slots=True)
class ConditionSource:
    """Source of a condition in the address space."""

    node: ua.NodeId  # the measured variable, else its area
    area: ua.NodeId  # the folder of the measured variable
    name: str  # of the measured variable
    tag: str  # tag of the measured variable, which need not exist
    input: ua.NodeId  # the measured variable; null where it is not on OPC UA
    notifiers: tuple[ua.NodeId, ...]  # the objects on which its events can be subscribed
    unit: str  # of the measured variable
    # the alarm compares the value of a tag; else something without a tag, such as the PLC's
    # diagnosis of a transmitter
    has_level: bool


@dataclass(frozen=True, slots=True)
class ConditionComment:
    """An operator's comment on a condition, with its author and time."""

    text: ua.LocalizedText
    user: str
    at: datetime


@dataclass(slots=True)
class AlarmCondition:
    """An alarm as an OPC UA condition."""

    definition: AlarmDefinition
    node: ua.NodeId  # the ConditionId
    source: ConditionSource
    state: AlarmState  # the alarm's state in the last event
    comment: ConditionComment
    event: EventNotification  # the last event
    # of the events since the alarm last became active
    event_ids: list[bytes] = field(default_factory=list[bytes])

    @property
    def kind(self) -> int:
        """Event type of the condition."""
        level, off_normal = TYPES
        return level if self.source.has_level else off_normal

    @property
    def is_retained(self) -> bool:
        """Returns whether the alarm is active or not acknowledged."""
        return self.state.active or not self.state.acknowledged

    def has_reported(self, state: AlarmState) -> bool:
        """Returns whether the last event has this state."""
        seen = self.state
        return (seen.phase, seen.changed_at_s) == (state.phase, state.changed_at_s)

    def make_event(
        self, state: AlarmState, value: float, quality: int, at: datetime
    ) -> EventNotification:
        """Makes a new event of a changed state, with value, status code and sampling time.

        Only events of the present activation can be acknowledged, since an earlier one does
        not show that the alarm has come back.
        """
        seen = self.state
        was_waiting = seen.active and not seen.acknowledged
        has_only_returned = was_waiting and not state.active
        if not state.acknowledged and not has_only_returned:
            self.event_ids.clear()  # a new activation, which may have returned between two scans
        event_id = uuid4().bytes
        self.event_ids.append(event_id)
        self.state = replace(state)
        self.event = EventNotification(self._fields(event_id, value, quality, at), self.node)
        return self.event

    def _fields(
        self, event_id: bytes, value: float, quality: int, at: datetime
    ) -> Mapping[str, ua.Variant]:
        severity = SEVERITIES[self.definition.priority]
        source = self.source.node, self.source.name
        kind, text = standard_node(self.kind), self._message(value)
        return (
            base_fields(event_id, kind, source, text, severity, at)
            | self._condition_fields(quality, severity, at)
            | self._alarm_fields()
            | (self._level_fields() if self.source.has_level else _NORMAL_STATE)
        )

    def _message(self, value: float) -> str:
        alarm, unit = self.definition, f" {self.source.unit}".rstrip()
        if not self.source.has_level:
            return f"{alarm.measures} {'active' if self.state.active else 'gone'}"
        side = "high" if alarm.is_high else "low"
        what = side if self.state.active else "normal again"
        return f"{alarm.measures} {what}: {value:.4g}{unit}, limit {alarm.limit:g}{unit}"

    def _condition_fields(self, quality: int, severity: int, at: datetime) -> dict[str, ua.Variant]:
        process = standard_node(ObjectIds.ProcessConditionClassType)
        return variants(
            {
                "ConditionClassId": (process, _NODE),
                "ConditionClassName": (ua.LocalizedText("ProcessConditionClassType"), _TEXT),
                "ConditionName": (self.definition.tag, ua.VariantType.String),
                "BranchId": (ua.NodeId(), _NODE),
                "Retain": (self.is_retained, _BOOLEAN),
                "EnabledState": (ua.LocalizedText("Enabled"), _TEXT),
                "EnabledState/Id": (True, _BOOLEAN),
                "Quality": (status(quality), ua.VariantType.StatusCode),
                "Quality/SourceTimestamp": (at, _TIME),
                "LastSeverity": (severity, ua.VariantType.UInt16),
                "LastSeverity/SourceTimestamp": (at, _TIME),
                "Comment": (self.comment.text, _TEXT),
                "Comment/SourceTimestamp": (self.comment.at, _TIME),
                "ClientUserId": (self.comment.user, ua.VariantType.String),
            }
        )

    def _alarm_fields(self) -> dict[str, ua.Variant]:
        state, delay = self.state, self.definition.delay_s * 1000.0
        acked = "Acknowledged" if state.acknowledged else "Unacknowledged"
        return variants(
            {
                "AckedState": (ua.LocalizedText(acked), _TEXT),
                "AckedState/Id": (state.acknowledged, _BOOLEAN),
                "ActiveState": (ua.LocalizedText("Active" if state.active else "Inactive"), _TEXT),
                "ActiveState/Id": (state.active, _BOOLEAN),
                "InputNode": (self.source.input, _NODE),
                "SuppressedOrShelved": (False, _BOOLEAN),
                "OnDelay": (delay, _DOUBLE),
                "OffDelay": (delay, _DOUBLE),
            }
        )

    def _level_fields(self) -> dict[str, ua.Variant]:
        alarm, state = self.definition, self.state
        side, level = (
            ("High", ObjectIds.ExclusiveLimitStateMachineType_High)
            if alarm.is_high
            else ("Low", ObjectIds.ExclusiveLimitStateMachineType_Low)
        )
        return variants(
            {
                "LimitState/CurrentState": (
                    ua.LocalizedText(side if state.active else None), _TEXT,
                ),
                "LimitState/CurrentState/Id": (
                    standard_node(level) if state.active else ua.NodeId(), _NODE,
                ),
                f"{side}Limit": (alarm.limit, _DOUBLE),
                f"{side}Deadband": (alarm.deadband, _DOUBLE),
            }
        )  # fmt: skip


_NORMAL_STATE = variants({"NormalState": (ua.NodeId(), _NODE)})
