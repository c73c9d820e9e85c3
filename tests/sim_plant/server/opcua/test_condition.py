"""Which events of an alarm acknowledge it, where it changes more than once between two scans."""

from datetime import UTC, datetime

from asyncua import ua

from handwheel.sim_plant.alarm import AlarmState, AlarmStep
from handwheel.sim_plant.cw100.control.alarms import ALARMS
from handwheel.sim_plant.server.opcua.alarms.condition import (
    AlarmCondition,
    ConditionComment,
    ConditionSource,
)
from handwheel.sim_plant.server.opcua.alarms.event_fields import EventNotification

ACTIVATE, CLEAR, ACKNOWLEDGE = AlarmStep.ACTIVATE, AlarmStep.CLEAR, AlarmStep.ACKNOWLEDGE
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_event_acknowledges_its_own_activation_only() -> None:
    cases: list[tuple[list[list[AlarmStep]], bool]] = [
        ([[CLEAR]], True),  # it only returned: who saw it come has seen it all
        ([[ACKNOWLEDGE], [CLEAR], [ACTIVATE, CLEAR]], False),  # came again and went, unseen
        ([[ACKNOWLEDGE], [CLEAR, ACTIVATE, CLEAR]], False),
        ([[CLEAR], [ACTIVATE, CLEAR]], False),
        ([[CLEAR], [ACTIVATE]], False),
    ]
    for scans, is_valid in cases:
        node, state = ua.NodeId(), AlarmState()
        source = ConditionSource(node, node, "x", "x", node, (), "", has_level=True)
        comment = ConditionComment(ua.LocalizedText(), "", NOW)
        condition = AlarmCondition(
            ALARMS[0], node, source, AlarmState(), comment, EventNotification({})
        )
        state.take(ACTIVATE)
        condition.make_event(state, 0.0, 0, NOW)
        (first,) = condition.event_ids
        for steps in scans:
            assert all(state.take(step) for step in steps), scans
            condition.make_event(state, 0.0, 0, NOW)
        assert (first in condition.event_ids) is is_valid
        assert len(condition.event_ids) == (2 if is_valid else 1)
