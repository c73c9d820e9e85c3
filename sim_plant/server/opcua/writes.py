"""Write service, which checks and logs each item."""

from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import cast

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from ...errors import NotWritable, OutOfRange, ServeError, WriteRejected, WrongState
from ...model import PlantTag, Value
from ..frame_log import FrameLog
from ..process_image import ProcessImage
from .access.accounts import VIEWER, WRITERS
from .access.service_rules import wire_body
from .address_space import VARIANTS
from .status_codes import status

_CODES: dict[type[WriteRejected], int] = {
    NotWritable: StatusCodes.BadNotWritable,
    OutOfRange: StatusCodes.BadOutOfRange,
    WrongState: StatusCodes.BadInvalidState,
}
_NOBODY = User(UserRole.Anonymous, VIEWER)
_ATTRIBUTES = {int(attribute): attribute.name for attribute in AttributeIds}


class PlantWrites(AttributeService):
    """Checks and logs every write of a client, and passes the server's own to asyncua.

    `publish` copies the image into the address space, for the read-back.
    """

    def __init__(
        self,
        space: AddressSpace,
        nodes: Mapping[ua.NodeId, PlantTag],
        image: ProcessImage,
        frames: FrameLog,
        publish: Callable[[], Awaitable[None]],
        port: Callable[[], int],
    ) -> None:
        super().__init__(space)
        self._nodes = nodes
        self._image = image
        self._frames = frames
        self._publish = publish
        self._port = port

    async def write(self, params: ua.WriteParameters, user: User = _NOBODY) -> list[ua.StatusCode]:
        """Answers a Write request with one status per item, a refusal without a user."""
        if user.role is UserRole.Admin:
            return await super().write(params)  # the server itself; no account has this role
        items = cast(list[ua.WriteValue], params.NodesToWrite)
        try:
            with self._image.transaction():
                codes = [self._check(item, user) for item in items]
                results = [status(code) for code in codes]
                self._record(user, items, results)
        except ServeError:  # the transaction has undone what cannot be recorded
            return [status(StatusCodes.BadDeviceFailure) for _ in items]
        if any(result.is_good() for result in results):
            await self._publish()
        return results

    def _record(self, user: User, items: list[ua.WriteValue], results: list[ua.StatusCode]) -> None:
        self._frames.record(
            {
                "protocol": "opcua",
                "listener": self._port(),
                "user": user.name,
                "service": "Write",
                "body": wire_body.get().hex(),
                "items": [_described(item) for item in items],
                "answer": [result.name for result in results],
            }
        )

    def _check(self, item: ua.WriteValue, user: User) -> int:
        if user.name not in WRITERS:
            return StatusCodes.BadUserAccessDenied
        if item.NodeId not in self._aspace:
            return StatusCodes.BadNodeIdUnknown
        tag = self._nodes.get(cast(ua.NodeId, item.NodeId))
        if tag is None or item.AttributeId != AttributeIds.Value:
            return StatusCodes.BadNotWritable
        if item.IndexRange:
            return StatusCodes.BadIndexRangeInvalid
        return self._apply(tag, cast(ua.DataValue, item.Value))

    def _apply(self, tag: PlantTag, data: ua.DataValue) -> int:
        if data.StatusCode is not None and not data.StatusCode.is_good():
            return StatusCodes.BadWriteNotSupported
        variant = data.Value
        if variant is None or variant.VariantType != VARIANTS[tag.kind] or variant.is_array:
            return StatusCodes.BadTypeMismatch
        value: Value = variant.Value
        if isinstance(value, float) and not isfinite(value):
            return StatusCodes.BadOutOfRange
        try:
            self._image.write([(tag.name, value)])
        except WriteRejected as refusal:
            return _CODES[type(refusal)]
        return StatusCodes.Good


def _described(item: ua.WriteValue) -> dict[str, str]:
    data = cast(ua.DataValue, item.Value)
    value: object = data.Value.Value if data.Value is not None else None
    attribute = cast(int, item.AttributeId)
    return {
        "node": item.NodeId.to_string(),
        "attribute": _ATTRIBUTES.get(attribute, str(attribute)),
        "value": repr(value)[:100],
    }
