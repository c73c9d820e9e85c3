"""Monitored items of one subscription, with checked event filters."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemData, MonitoredItemService
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaprotocol_auto import DataChangeFilter  # what is decoded; `ua`'s is a subclass

from ..item_values import ItemValues
from ..node_adder import SUBSCRIBE_TO_EVENTS
from ..status_codes import status
from .event_fields import EventNotification, EventTypes
from .where_clause import WhereClause

MOST_ITEMS = 10_000
"""Of one subscription, since the plant is stopped while they are updated."""

NotifiedEvent = tuple[EventNotification, Collection[ua.NodeId]]
"""An event and its notifiers."""


class PlantItems(MonitoredItemService):
    """The items of a subscription."""

    def __init__(
        self, subscription: InternalSubscription, space: AddressSpace, types: EventTypes
    ) -> None:
        super().__init__(subscription, space)
        self._types = types
        self._where: dict[int, WhereClause] = {}

    def has(self, item: int) -> bool:
        """Returns whether the item exists."""
        return item in self._monitored_items

    async def notify(self, event: EventNotification, notifiers: Collection[ua.NodeId]) -> None:
        """Queues an event for every item on one of these nodes whose filter lets it pass."""
        for notifier in notifiers:
            for item in self._monitored_events.get(notifier, ()):
                if self._where[item].passes(event):
                    await self._queue(event, item)

    async def refresh(
        self,
        brackets: tuple[EventNotification, EventNotification],
        events: Sequence[NotifiedEvent],
        only: int | None,
    ) -> None:
        """Queues events for every item, or for one only, as an answer to ConditionRefresh.

        The brackets before and after pass every filter; the events between have their notifiers.
        """
        start, end = brackets
        for node, items in self._monitored_events.items():
            here = [event for event, notifiers in events if node in notifiers]
            for item in items if only is None else set(items) & {only}:
                passing = [event for event in here if self._where[item].passes(event)]
                for event in (start, *passing, end):
                    await self._queue(event, item)

    async def _queue(self, event: EventNotification, item: int) -> None:
        data = self._monitored_items[item]
        if data.mode != ua.MonitoringMode.Reporting:
            return
        clauses = cast(list[ua.SimpleAttributeOperand], data.filter.SelectClauses)
        fields = ua.EventFieldList()
        fields.ClientHandle = cast(ua.IntegerId, data.client_handle)
        fields.EventFields = [event.select(clause) for clause in clauses]
        await self.isub.enqueue_event(item, fields, data.queue_size)

    def _make_monitored_item_common(
        self, params: ua.MonitoredItemCreateRequest
    ) -> tuple[ua.MonitoredItemCreateResult, MonitoredItemData]:
        result, data = super()._make_monitored_item_common(params)
        data.mvalue = ItemValues()
        return result, data

    def _create_events_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        wanted = _filter(params)
        code = self._check_room() or self._check_notifier(params) or self._check_filter(wanted)
        if code:
            return ua.MonitoredItemCreateResult(StatusCode=status(code))
        result = super()._create_events_monitored_item(params)
        self._where[cast(int, result.MonitoredItemId)] = self._where_of(wanted)
        result.FilterResult = self._filter_result(wanted)
        return result

    async def _create_data_change_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        wanted, code = _filter(params), self._check_room()
        if wanted and not isinstance(wanted, DataChangeFilter):
            code = StatusCodes.BadMonitoredItemFilterUnsupported
        if code:
            return ua.MonitoredItemCreateResult(StatusCode=status(code))
        return await super()._create_data_change_monitored_item(params)

    def _modify_monitored_item(
        self, params: ua.MonitoredItemModifyRequest
    ) -> ua.MonitoredItemModifyResult:
        item = cast(int, params.MonitoredItemId)
        wanted = _filter(params)
        is_event_item = item in self._where
        code = StatusCodes.Good
        if not self.has(item):
            code = StatusCodes.BadMonitoredItemIdInvalid
        elif is_event_item:
            code = self._check_filter(wanted)
        elif wanted and not isinstance(wanted, DataChangeFilter):
            code = StatusCodes.BadMonitoredItemFilterUnsupported
        if code != StatusCodes.Good:
            return ua.MonitoredItemModifyResult(status(code))
        asked = cast(ua.MonitoringParameters, params.RequestedParameters)
        queue_size = self._revise_queue_size(cast(int, asked.QueueSize))
        asked.QueueSize = ua.Counter(queue_size)
        result = super()._modify_monitored_item(params)
        if is_event_item:
            self._where[item] = self._where_of(wanted)
            result.FilterResult = self._filter_result(wanted)
        return result

    def _delete_monitored_items(self, mid: int) -> ua.StatusCode:
        self._where.pop(mid, None)
        return super()._delete_monitored_items(mid)

    def _check_room(self) -> int:
        is_full = len(self._monitored_items) >= MOST_ITEMS
        return StatusCodes.BadTooManyMonitoredItems if is_full else StatusCodes.Good

    def _check_notifier(self, params: ua.MonitoredItemCreateRequest) -> int:
        node: ua.NodeId = cast(Any, params.ItemToMonitor).NodeId
        if node not in self.aspace:
            return StatusCodes.BadNodeIdUnknown
        found = self.aspace.read_attribute_value(node, AttributeIds.EventNotifier).Value
        bits: int = found.Value or 0 if found is not None else 0
        has_events = bool(bits & SUBSCRIBE_TO_EVENTS)
        return StatusCodes.Good if has_events else StatusCodes.BadAttributeIdInvalid

    def _where_of(self, wanted: Any) -> WhereClause:
        return WhereClause(wanted.WhereClause, self._types)

    def _check_filter(self, wanted: Any) -> int:
        if not isinstance(wanted, ua.EventFilter) or not wanted.SelectClauses:
            return StatusCodes.BadEventFilterInvalid
        is_sound = self._where_of(wanted).check() == StatusCodes.Good
        return StatusCodes.Good if is_sound else StatusCodes.BadEventFilterInvalid

    def _filter_result(self, wanted: Any) -> ua.EventFilterResult:
        clauses: list[ua.SimpleAttributeOperand] = wanted.SelectClauses
        return ua.EventFilterResult(
            SelectClauseResults=[status(self._types.check_select(each)) for each in clauses]
        )


def _filter(params: Any) -> Any:
    wanted: object = params.RequestedParameters.Filter
    return wanted
