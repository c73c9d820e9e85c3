"""Tags of one interval as monitored items of one subscription."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import BadTooManyOperations, UaError

from ...config.durations import format_duration
from ...model.tags import NodeAddress, Tag
from ...model.values import DataValue, Quality, StatusCode, never_read
from ...session.protocols import Sample
from ...session.scan_groups import KEEP_ALIVE_S, STALE_SCANS
from ..node_ids import Nodes
from ..services import Services, protocol_of

_SOONEST_S = 0.05  # the shortest publishing interval: each message costs both sides
_AT_ONCE = 1_000  # changes in one message
_ITEMS_AT_ONCE = 100  # in one request, since encoding it blocks the event loop
_LIFETIME_S = 30.0  # without a publish request; then the server deletes the subscription
_SLOW = 3  # scans
_LEAST_QUEUE = 10
_SHORTEST_S, _LONGEST_S = 0.001, 1e9  # plausible intervals of a server


@dataclass(frozen=True, slots=True)
class SubscriptionTimes:
    """Times of a subscription.

    Attributes:
        keep_alive_s: Longest silence that is asked of the server. A value is stale after three of
            them, so that a server may be twice that late.
        retry_s: Time until a refused item is asked for again.
        capacity: Number of changes that wait for the reader before the oldest are dropped.
        stall_s: Longest standstill of this process after which waiting changes still count.
    """

    keep_alive_s: float = KEEP_ALIVE_S
    retry_s: float = 10.0
    capacity: int = 100_000
    stall_s: float = STALE_SCANS * KEEP_ALIVE_S

    @property
    def asked_keep_alive_s(self) -> float:
        """Keep-alive interval in the request, shorter so that messages come in time."""
        return 0.8 * self.keep_alive_s


@dataclass(frozen=True, slots=True)
class SubscriptionContext:
    """The session of a subscription."""

    services: Services  # its services, whose time-out is also the server's allowed delay
    most_items: int  # limit of items in one request; 0 for none
    nodes: Nodes  # of the tags
    # reads tags, after a loss in which any of them may have changed
    read: Callable[[Sequence[Tag]], Awaitable[Mapping[str, DataValue]]]
    # reads the namespaces again, since one may have been added
    learn: Callable[[], Awaitable[object]]
    probe: Callable[[], Awaitable[None]]


class MonitoredItems:
    """The monitored items of one interval.

    Attributes:
        scan_s: Sampling interval, seconds.
        subscription: The server's id of it.
        refused: Status of each refused tag, by client handle.
        silence_limit_s: Longest allowed silence of the server.
        silent_s: Its present silence.
        last_alive_s: Last sign of life of it, or of the server in its place, monotonic.
        stale_handles: Client handles of items that have missed a change and are to be renewed.
    """

    def __init__(
        self,
        context: SubscriptionContext,
        scan_s: float,
        tags: Mapping[int, Tag],
        times: SubscriptionTimes,
    ) -> None:
        self.tags = tags
        self.subscription = 0
        self.refused: dict[int, StatusCode] = {}
        self.silence_limit_s = times.keep_alive_s + context.services.timeout_s
        self.silent_s = 0.0
        self.last_alive_s = monotonic()
        self.stale_handles: set[int] = set()
        self._ids: dict[int, int] = {}
        self._context = context
        self.scan_s = scan_s
        self._times = times
        self._most = min(context.most_items or _ITEMS_AT_ONCE, _ITEMS_AT_ONCE)
        self._keep_alive_s = 0.0
        self._sampled_s = 0.0
        self._has_no_queue = False

    @property
    def is_slow(self) -> bool:
        """Whether the server's own signs of life are too rare."""
        return self._keep_alive_s > 2 * self._times.keep_alive_s

    @property
    def faults(self) -> Mapping[str, str]:
        """Deviations of the server from the request that matter."""
        scan = format_duration(self.scan_s)
        faults: dict[str, str] = {}
        if self._sampled_s > _SLOW * self.scan_s:
            faults[f"scan of {scan}"] = f"sampled every {format_duration(self._sampled_s)}"
        if self.is_slow:
            faults[f"keep-alive of {scan}"] = f"comes every {format_duration(self._keep_alive_s)}"
        if self._has_no_queue:  # such a queue never sets the overflow bit; Part 4, 7.21
            faults[f"queue of {scan}"] = "holds one value: lost values are not reported"
        return faults

    async def open(self) -> None:
        """Creates the subscription, empty. Raises `OSError`, `TimeoutError` or `UaError`."""
        keep_alive_s = self._times.asked_keep_alive_s
        interval_s = min(max(self.scan_s, _SOONEST_S), keep_alive_s)
        request = ua.CreateSubscriptionRequest()
        asked = cast(ua.CreateSubscriptionParameters, request.Parameters)
        asked.RequestedPublishingInterval = ua.Duration(interval_s * 1000.0)
        asked.RequestedMaxKeepAliveCount = _count(keep_alive_s, interval_s)
        asked.RequestedLifetimeCount = _counter(_LIFETIME_S / interval_s)
        asked.MaxNotificationsPerPublish = ua.Counter(_AT_ONCE)
        asked.PublishingEnabled = True
        answer = await protocol_of(self._context.services.client).send_request(request)
        response = ua_binary.struct_from_binary(ua.CreateSubscriptionResponse, answer)
        result = cast(ua.CreateSubscriptionResult, response.Parameters)
        self.subscription = cast(int, result.SubscriptionId)
        revised_s = self._take_revised(result, interval_s)
        count = _count(keep_alive_s, revised_s)
        if revised_s * count < self._keep_alive_s:
            await self._shorten_keep_alive(revised_s, count)

    async def _shorten_keep_alive(self, interval_s: float, count: ua.Counter) -> None:
        """Asks for fewer intervals between signs of life, since the interval has grown."""
        request = ua.ModifySubscriptionParameters(
            SubscriptionId=ua.IntegerId(self.subscription),
            RequestedPublishingInterval=ua.Duration(interval_s * 1000.0),
            RequestedLifetimeCount=_counter(max(_LIFETIME_S / interval_s, 3 * int(count))),
            RequestedMaxKeepAliveCount=count,
            MaxNotificationsPerPublish=ua.Counter(_AT_ONCE),
        )
        result = await self._context.services.client.modify_subscription(request)
        self._take_revised(result, interval_s)

    def _take_revised(
        self, result: ua.CreateSubscriptionResult | ua.ModifySubscriptionResult, asked_s: float
    ) -> float:
        """Takes the revised times and returns the publishing interval, seconds."""
        interval_s = _revised(cast(float, result.RevisedPublishingInterval), asked_s)
        self._keep_alive_s = interval_s * max(cast(int, result.RevisedMaxKeepAliveCount), 1)
        longest_s = max(self._keep_alive_s, self._times.keep_alive_s)
        self.silence_limit_s = longest_s + self._context.services.timeout_s
        return interval_s

    async def monitor(self, handles: Sequence[int]) -> list[Sample]:
        """Creates the items of these tags and first deletes existing ones.

        Returns:
            The tags that the server refuses with another reason than before, each bad.

        Raises:
            OSError, TimeoutError, UaError: The session is lost.
        """
        before = dict(self.refused)
        self.stale_handles.difference_update(handles)
        await self._delete([handle for handle in handles if handle in self._ids])
        known: list[tuple[int, ua.NodeId]] = []
        for handle in handles:
            node = self._context.nodes.node(self.tags[handle])
            if node is None:
                self.refused[handle] = self._context.nodes.refusal(self.tags[handle])
            else:
                known.append((handle, node))
        start = 0
        while start < len(known):
            chunk = known[start : start + self._most]
            try:
                await self._create(chunk)
            except BadTooManyOperations:
                if self._most == 1:
                    raise
                self._most = max(self._most // 2, 1)
                continue
            start += len(chunk)
        return [
            (self.tags[handle].name, never_read(status, monotonic()))
            for handle, status in self.refused.items()
            if before.get(handle) != status
        ]

    async def _create(self, chunk: Sequence[tuple[int, ua.NodeId]]) -> None:
        request = ua.CreateMonitoredItemsParameters(
            SubscriptionId=ua.IntegerId(self.subscription),
            TimestampsToReturn=ua.TimestampsToReturn.Source,
            ItemsToCreate=[self._item(handle, node) for handle, node in chunk],
        )
        results = await self._context.services.client.create_monitored_items(request)
        if len(results) != len(chunk):
            raise UaError(f"{len(results)} results for {len(chunk)} items")
        for (handle, _), result in zip(chunk, results, strict=True):
            status = StatusCode(cast(ua.StatusCode, result.StatusCode).value)
            if status.quality is Quality.BAD:
                self.refused[handle] = status
            else:
                self.refused.pop(handle, None)
                self._ids[handle] = cast(int, result.MonitoredItemId)
                sampled_s = _revised(cast(float, result.RevisedSamplingInterval), self.scan_s)
                self._sampled_s = max(self._sampled_s, sampled_s)
                self._has_no_queue |= cast(int, result.RevisedQueueSize) <= 1

    async def _delete(self, handles: Sequence[int]) -> None:
        """Deletes the items of these tags and ignores the results."""
        for start in range(0, len(handles), self._most):
            request = ua.DeleteMonitoredItemsParameters(
                SubscriptionId=ua.IntegerId(self.subscription),
                MonitoredItemIds=[
                    ua.IntegerId(self._ids.pop(each))
                    for each in handles[start : start + self._most]
                ],
            )
            await self._context.services.client.delete_monitored_items(request)

    def _item(self, handle: int, node: ua.NodeId) -> ua.MonitoredItemCreateRequest:
        address = self.tags[handle].address
        assert isinstance(address, NodeAddress)
        item = ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value)
        if address.index:
            item.IndexRange = ua.NumericRange(address.index)
        # The queue holds changes while the server waits for publish requests of a slow link.
        most = min(self.silence_limit_s / self.scan_s, self._times.capacity)
        parameters = ua.MonitoringParameters(
            ClientHandle=ua.IntegerId(handle),
            SamplingInterval=ua.Duration(self.scan_s * 1000.0),
            QueueSize=_counter(max(most, _LEAST_QUEUE)),
            DiscardOldest=True,
        )
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=item,
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=parameters,
        )


def _count(keep_alive_s: float, interval_s: float) -> ua.Counter:
    return ua.Counter(max(int(keep_alive_s / interval_s + 1e-9), 1))


def _counter(count: float) -> ua.Counter:
    return ua.Counter(ceil(count))


def _revised(interval_ms: float, asked_s: float) -> float:
    """Returns a revised interval, seconds. An implausible one is as requested."""
    seconds = interval_ms / 1000.0
    return seconds if _SHORTEST_S <= seconds <= _LONGEST_S else asked_s
