"""Event filters, and which event of an alarm acknowledges it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import get_name_and_doc
from hypothesis import given
from hypothesis import strategies as st

from handwheel.sim_plant.alarm import AlarmState
from handwheel.sim_plant.cw100.tags import ALARMS
from handwheel.sim_plant.server.opcua.alarms.condition import (
    AlarmCondition,
    ConditionComment,
    ConditionSource,
)
from handwheel.sim_plant.server.opcua.alarms.event_fields import EventNotification, EventTypes
from handwheel.sim_plant.server.opcua.alarms.where_clause import WhereClause
from handwheel.sim_plant.server.opcua.node_ids import standard_node
from handwheel.sim_plant.server.plant_server import PlantServer

from .alarm_client import client_of

OP = ua.FilterOperator
EVENT = EventNotification(
    {
        "EventType": ua.Variant(standard_node(ObjectIds.ExclusiveLevelAlarmType)),
        "Severity": ua.Variant(500, ua.VariantType.UInt16),
        "ActiveState/Id": ua.Variant(True),
        "SourceName": ua.Variant("VT-101A"),
    },
    standard_node(1),
)


@pytest.fixture(scope="module")
async def types(server: PlantServer) -> EventTypes:
    return server.opcua._sessions.event_types  # pyright: ignore[reportPrivateUsage]


def field(path: str) -> ua.SimpleAttributeOperand:
    names = [ua.QualifiedName(name) for name in path.split("/") if name]
    attribute = AttributeIds.Value if names else AttributeIds.NodeId
    kind = standard_node(ObjectIds.ConditionType)
    return ua.SimpleAttributeOperand(kind, names, ua.IntegerId(attribute))


def literal(value: Any) -> ua.LiteralOperand:
    return ua.LiteralOperand(ua.Variant(value))


def at(index: int) -> ua.ElementOperand:
    return ua.ElementOperand(ua.UInt32(index))


def where(types: EventTypes, *elements: tuple[ua.FilterOperator, Any]) -> WhereClause:
    rows = [ua.ContentFilterElement(what, list(operands)) for what, operands in elements]
    return WhereClause(ua.ContentFilter(rows), types)


CONDITION, REFRESH = (
    standard_node(each) for each in (ObjectIds.ConditionType, ObjectIds.RefreshStartEventType)
)
CLAUSES: list[tuple[list[tuple[ua.FilterOperator, Any]], bool]] = [
    ([], True),
    ([(OP.OfType, [literal(CONDITION)])], True),
    ([(OP.OfType, [literal(REFRESH)])], False),
    ([(OP.OfType, [literal(standard_node(ObjectIds.BaseEventType))])], True),
    ([(OP.Equals, [field("SourceName"), literal("VT-101A")])], True),
    ([(OP.Equals, [field("ActiveState/Id"), literal(True)])], True),
    ([(OP.Equals, [field(""), literal(standard_node(1))])], True),
    ([(OP.GreaterThan, [field("Severity"), literal(500)])], False),
    ([(OP.GreaterThanOrEqual, [field("Severity"), literal(500)])], True),
    ([(OP.LessThan, [field("Severity"), literal(501)])], True),
    ([(OP.LessThanOrEqual, [field("Severity"), literal(499)])], False),
    ([(OP.Between, [field("Severity"), literal(400), literal(600)])], True),
    ([(OP.InList, [field("Severity"), literal(1), literal(500)])], True),
    ([(OP.IsNull, [field("HighLimit")])], True),
    ([(OP.Equals, [field("HighLimit"), literal(None)])], False),
    ([(OP.GreaterThan, [field("SourceName"), literal(5)])], False),
    ([(OP.Not, [at(1)]), (OP.IsNull, [field("Severity")])], True),
    (
        [(OP.And, [at(1), at(2)]), (OP.IsNull, [field("Comment")]), (OP.Or, [at(3), at(4)]),
         (OP.IsNull, [field("Severity")]), (OP.IsNull, [field("Comment")])],
        True,
    ),
]  # fmt: skip


async def test_a_where_clause_judges_an_event(types: EventTypes) -> None:
    for elements, passes in CLAUSES:
        clause = where(types, *elements)
        assert clause.check() == 0, elements
        assert clause.passes(EVENT) is passes


REFUSED: list[tuple[list[tuple[ua.FilterOperator, Any]], str]] = [
    ([(OP.Not, [at(0)])], "BadFilterOperandInvalid"),
    ([(OP.Not, [at(1)])], "BadFilterOperandInvalid"),
    ([(OP.Not, [at(1)]), (OP.Not, [at(0)])], "BadFilterOperandInvalid"),
    ([(OP.Not, [])], "BadFilterOperandCountMismatch"),
    ([(OP.Like, [field("SourceName"), literal("%")])], "BadFilterOperatorUnsupported"),
    ([(OP.IsNull, [field("Severity")])] * 201, "BadEventFilterInvalid"),
]


async def test_what_is_wrong_or_never_ends_is_refused(types: EventTypes) -> None:
    for elements, code in REFUSED:
        assert get_name_and_doc(where(types, *elements).check())[0] == code


def test_elements_that_share_their_operands_are_evaluated_once(types: EventTypes) -> None:
    last = 199
    shared = [(OP.And, [at(n + 1), at(n + 1)]) for n in range(last)]
    clause = where(types, *shared, (OP.IsNull, [field("Comment")]))
    assert clause.check() == 0
    assert clause.passes(EVENT) is True  # 2 to the 199th evaluations otherwise


_OPERAND = st.one_of(
    st.integers(0, 9).map(at),
    st.sampled_from(["Severity", "ActiveState/Id", "Nothing", ""]).map(field),
    st.one_of(st.none(), st.booleans(), st.integers(-9, 600), st.text(max_size=3)).map(literal),
)


@given(st.lists(st.tuples(st.sampled_from(list(OP)), st.lists(_OPERAND, max_size=4)), max_size=10))
def test_any_clause_is_judged_or_refused(
    types: EventTypes, elements: list[tuple[ua.FilterOperator, Any]]
) -> None:
    clause = where(types, *elements)
    if clause.check() == 0:
        assert clause.passes(EVENT) in {True, False}


def item(node: int, wanted: Any, attribute: int) -> ua.MonitoredItemCreateRequest:
    return ua.MonitoredItemCreateRequest(
        ua.ReadValueId(standard_node(node), ua.IntegerId(attribute)),
        ua.MonitoringMode.Reporting,
        ua.MonitoringParameters(Filter=wanted),
    )


async def test_items_are_checked_when_they_are_made(server: PlantServer) -> None:
    async with client_of(server) as client:
        subscription = await client.create_subscription(100, None)
        events, value = AttributeIds.EventNotifier, AttributeIds.Value
        selected = [field("Severity"), field("ShelvingState/CurrentState"), field("No/Such")]
        good = ua.EventFilter(selected)
        endless = ua.EventFilter(
            selected, ua.ContentFilter([ua.ContentFilterElement(OP.Not, [at(0)])])
        )
        deadband = ua.DataChangeFilter()
        cases = [
            (item(ObjectIds.Server, good, events), "Good"),
            (item(ObjectIds.Server, None, events), "BadEventFilterInvalid"),
            (item(ObjectIds.Server, ua.EventFilter(), events), "BadEventFilterInvalid"),
            (item(ObjectIds.Server, endless, events), "BadEventFilterInvalid"),
            (item(ObjectIds.Server, deadband, events), "BadEventFilterInvalid"),
            (item(ObjectIds.ObjectsFolder, good, events), "BadAttributeIdInvalid"),
            (item(1_000_000, good, events), "BadNodeIdUnknown"),
            (item(ObjectIds.Server_ServiceLevel, good, value), "BadMonitoredItemFilterUnsupported"),
            (item(ObjectIds.Server_ServiceLevel, deadband, value), "Good"),
        ]
        request = ua.CreateMonitoredItemsParameters(
            ua.IntegerId(subscription.subscription_id or 0),
            ua.TimestampsToReturn.Both,
            [each for each, _ in cases],
        )
        results: list[Any] = await client.uaclient.create_monitored_items(request)
        assert [each.StatusCode.name for each in results] == [code for _, code in cases]
        checked = [each.name for each in results[0].FilterResult.SelectClauseResults]
        assert checked == ["Good", "Good", "BadNodeIdUnknown"]

        changes = ua.ModifyMonitoredItemsParameters(
            ua.IntegerId(subscription.subscription_id or 0),
            ua.TimestampsToReturn.Both,
            [
                ua.MonitoredItemModifyRequest(number, ua.MonitoringParameters(Filter=wanted))
                for number, wanted in (
                    (results[0].MonitoredItemId, good),
                    (results[0].MonitoredItemId, endless),
                    (results[-1].MonitoredItemId, good),
                    (ua.IntegerId(9999), None),
                )
            ],
        )
        answers: list[Any] = await client.uaclient.modify_monitored_items(changes)
        assert [each.StatusCode.name for each in answers] == [
            "Good", "BadEventFilterInvalid", "BadMonitoredItemFilterUnsupported",
            "BadMonitoredItemIdInvalid",
        ]  # fmt: skip


ACTIVATE = {"active": True, "acknowledged": False}
CLEAR, ACKNOWLEDGE = {"active": False}, {"acknowledged": True}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_event_acknowledges_its_own_activation_only() -> None:
    cases: list[tuple[list[list[dict[str, bool]]], bool]] = [
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
        _take(state, ACTIVATE)
        condition.make_event(state, 0.0, 0, NOW)
        (first,) = condition.event_ids
        for steps in scans:
            for step in steps:
                _take(state, step)
            condition.make_event(state, 0.0, 0, NOW)
        assert (first in condition.event_ids) is is_valid
        assert len(condition.event_ids) == (2 if is_valid else 1)


def _take(state: AlarmState, step: dict[str, bool]) -> None:
    for name, value in step.items():
        setattr(state, name, value)
