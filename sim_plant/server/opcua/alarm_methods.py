"""Method calls, with ConditionRefresh for all and Acknowledge for operators."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import BadTooManyOperations

from ...errors import ServeError, WriteRejected
from ..frame_log import FrameLog
from ..process_image import ProcessImage
from .access.accounts import ACKNOWLEDGERS
from .access.service_rules import wire_body
from .access.sessions import OwnSession
from .alarms.condition import AlarmCondition, ConditionComment
from .alarms.condition_set import Conditions
from .node_ids import standard_node
from .status_codes import status

_CONDITION_TYPE = standard_node(ObjectIds.ConditionType)
_ACKNOWLEDGE = standard_node(ObjectIds.AcknowledgeableConditionType_Acknowledge)
_REFRESHES = {
    standard_node(ObjectIds.ConditionType_ConditionRefresh): 1,
    standard_node(ObjectIds.ConditionType_ConditionRefresh2): 2,
}
_MOST_METHODS = 50  # of one request, since the plant is stopped while it is answered
_ACKNOWLEDGE_TYPES = (ua.VariantType.ByteString, ua.VariantType.LocalizedText)


class PlantCalls:
    """Checks every Call of a client, and logs all but refreshes, which change nothing.

    `publish` copies the image into the address space and sends the events.
    """

    def __init__(
        self,
        conditions: Conditions,
        image: ProcessImage,
        frames: FrameLog,
        publish: Callable[[], Awaitable[None]],
        port: Callable[[], int],
    ) -> None:
        self._conditions = conditions
        self._image = image
        self._frames = frames
        self._publish = publish
        self._port = port

    async def answer(
        self, session: OwnSession, methods: list[ua.CallMethodRequest]
    ) -> list[ua.CallMethodResult]:
        """Answers at most 50 methods of a Call request, or raises `BadTooManyOperations`."""
        if len(methods) > _MOST_METHODS:
            with suppress(ServeError):  # refused in any case
                refusals = [StatusCodes.BadTooManyOperations] * len(methods)
                self._record(session, methods, refusals)
            raise BadTooManyOperations
        comments: list[tuple[AlarmCondition, ConditionComment]] = []
        try:
            with self._image.transaction():
                codes = [self._check(session, method, comments) for method in methods]
                self._record(session, methods, codes)
        except ServeError:  # the transaction has undone what cannot be recorded
            return [_result(StatusCodes.BadDeviceFailure) for _ in methods]
        for condition, comment in comments:
            condition.comment = comment
        if comments:
            await self._publish()
        for index, method in enumerate(methods):
            if codes[index] == StatusCodes.Good and method.MethodId in _REFRESHES:
                codes[index] = await self._refresh(session, method)
        return [_result(code) for code in codes]

    def _check(
        self,
        session: OwnSession,
        method: ua.CallMethodRequest,
        comments: list[tuple[AlarmCondition, ConditionComment]],
    ) -> int:
        if method.MethodId in _REFRESHES:
            is_known = cast(ua.NodeId, method.ObjectId) == _CONDITION_TYPE
            return StatusCodes.Good if is_known else StatusCodes.BadMethodInvalid
        user = str(session.user.name)
        if method.MethodId != _ACKNOWLEDGE or user not in ACKNOWLEDGERS:
            return StatusCodes.BadUserAccessDenied
        condition = self._conditions.by_node.get(cast(ua.NodeId, method.ObjectId))
        if condition is None:
            return StatusCodes.BadNodeIdUnknown
        arguments = _arguments(method)
        if len(arguments) != len(_ACKNOWLEDGE_TYPES):
            return _miscounted(len(arguments), len(_ACKNOWLEDGE_TYPES))
        if any(
            each.VariantType not in {kind, ua.VariantType.Null} or each.is_array
            for each, kind in zip(arguments, _ACKNOWLEDGE_TYPES, strict=True)
        ):
            return StatusCodes.BadInvalidArgument
        event_id, comment = (each.Value for each in arguments)
        code = self._acknowledge(condition, event_id)
        if code == StatusCodes.Good:
            text = comment if comment is not None else ua.LocalizedText()
            comments.append((condition, ConditionComment(text, user, datetime.now(UTC))))
        return code

    def _acknowledge(self, condition: AlarmCondition, event_id: bytes | None) -> int:
        if event_id not in condition.event_ids:
            return StatusCodes.BadEventIdUnknown
        try:
            self._image.acknowledge(condition.definition.tag)
        except WriteRejected:
            return StatusCodes.BadConditionBranchAlreadyAcked
        return StatusCodes.Good

    async def _refresh(self, session: OwnSession, method: ua.CallMethodRequest) -> int:
        arguments, wanted = _arguments(method), _REFRESHES[cast(ua.NodeId, method.MethodId)]
        if len(arguments) != wanted:
            return _miscounted(len(arguments), wanted)
        if any(each.VariantType != ua.VariantType.UInt32 or each.is_array for each in arguments):
            return StatusCodes.BadInvalidArgument
        subscription, *rest = (cast(int, each.Value) for each in arguments)
        items = session.items_of(subscription)
        if items is None:
            return StatusCodes.BadSubscriptionIdInvalid
        if rest and not items.has(rest[0]):
            return StatusCodes.BadMonitoredItemIdInvalid
        await self._conditions.refresh(items, rest[0] if rest else None)
        return StatusCodes.Good

    def _record(
        self, session: OwnSession, methods: list[ua.CallMethodRequest], codes: list[int]
    ) -> None:
        if all(method.MethodId in _REFRESHES for method in methods):
            return
        self._frames.record(
            {
                "protocol": "opcua",
                "listener": self._port(),
                "user": session.user.name,
                "service": "Call",
                "body": wire_body.get().hex(),
                "items": [_described(method) for method in methods],
                "answer": [status(code).name for code in codes],
            }
        )


def _arguments(method: ua.CallMethodRequest) -> list[ua.Variant]:
    return cast(list[ua.Variant], method.InputArguments or [])


def _miscounted(count: int, wanted: int) -> int:
    is_short = count < wanted
    return StatusCodes.BadArgumentsMissing if is_short else StatusCodes.BadTooManyArguments


def _described(method: ua.CallMethodRequest) -> dict[str, str]:
    arguments: list[Any] = [each.Value for each in _arguments(method)]
    return {
        "object": method.ObjectId.to_string(),
        "method": method.MethodId.to_string(),
        "arguments": repr(arguments)[:200],
    }


def _result(code: int) -> ua.CallMethodResult:
    return ua.CallMethodResult(StatusCode=status(code))
