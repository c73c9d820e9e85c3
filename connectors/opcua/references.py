"""Browse requests in batches, completed where a server answers in parts."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from .codec import plain
from .services import Services, attribute, standard

_MAX_NODES = standard(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse)
_NODES_AT_ONCE = 50
_REFERENCES_AT_ONCE = 200  # of one node; asyncua decodes as many in 4 ms


class Found(NamedTuple):
    """References of a node in the server's order, or the status of the failure."""

    status: ua.StatusCode
    references: list[ua.ReferenceDescription]


class References:
    """Browses forward from many nodes. Source: OPC UA Part 4, 5.9.2 and 5.9.3 (BrowseNext)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._most_nodes = 0

    async def of(self, nodes: Sequence[ua.NodeId], kind: int) -> list[Found]:
        """Returns the references of each node of a type and its subtypes.

        Raises:
            NotConnected: The session is lost, or an answer is incomplete.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        if not self._most_nodes:
            self._most_nodes = await self._limit()
        found: list[Found] = []
        for start in range(0, len(nodes), self._most_nodes):
            batch = nodes[start : start + self._most_nodes]
            whole = [await self._whole(each) for each in await self._browse(batch, kind)]
            for place, each in enumerate(whole):
                # The server had too few continuation points, which are free again now.
                if each.status.value == StatusCodes.BadNoContinuationPoints:
                    (again,) = await self._browse([batch[place]], kind)
                    whole[place] = await self._whole(again)
            found += whole
        return found

    async def _limit(self) -> int:
        (limit,) = await self._services.read([attribute(_MAX_NODES)])
        most, _ = plain(limit)
        has_limit = isinstance(most, int) and most > 0
        return min(cast(int, most), _NODES_AT_ONCE) if has_limit else _NODES_AT_ONCE

    async def _browse(self, nodes: Sequence[ua.NodeId], kind: int) -> list[ua.BrowseResult]:
        request = ua.BrowseParameters(RequestedMaxReferencesPerNode=ua.Counter(_REFERENCES_AT_ONCE))
        request.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=node,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=standard(kind),
                IncludeSubtypes=True,
                ResultMask=ua.UInt32(ua.BrowseResultMask.All),
            )
            for node in nodes
        ]
        results = await self._services.asked(self._services.client.browse(request))
        return self._services.matching(list(results), len(nodes))

    async def _whole(self, result: ua.BrowseResult) -> Found:
        """Follows the continuation points of a result."""
        status = cast(ua.StatusCode, result.StatusCode)
        references = list(cast(list[ua.ReferenceDescription] | None, result.References) or [])
        point = cast(bytes | None, result.ContinuationPoint)
        while point:
            request = ua.BrowseNextParameters(ReleaseContinuationPoints=False)
            request.ContinuationPoints = [ua.ByteString(point)]
            more = await self._services.asked(self._services.client.browse_next(request))
            (part,) = self._services.matching(list(more), 1)
            status_of_part = cast(ua.StatusCode, part.StatusCode)
            found = cast(list[ua.ReferenceDescription] | None, part.References) or []
            if not status_of_part.is_good() or not found:
                why = status_of_part.name
                raise self._services.lost(UaError(f"browsing broke off: {why}"))
            references += found
            point = cast(bytes | None, part.ContinuationPoint)
        return Found(status, references)
