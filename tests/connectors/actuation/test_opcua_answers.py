"""What an OPC UA server could answer to a write, byte for byte: only one answer says it is done."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused
from handwheel.sim_plant.server.opcua.node_ids import standard_node
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.served import link_of, site_of
from .permits import deliver, opened, permit_for

SETPOINT = "PIC-102.sp"
Change = Callable[[ua.WriteResponse], object]


def nothing(_: ua.WriteResponse) -> None:
    """The twin: the answer as it should be."""


def other_handle(response: ua.WriteResponse) -> None:
    response.ResponseHeader.RequestHandle += 1


def other_kind(response: ua.WriteResponse) -> None:
    response.TypeId = standard_node(ObjectIds.ReadResponse_Encoding_DefaultBinary)


def service(code: int) -> Change:
    def change(response: ua.WriteResponse) -> None:
        response.ResponseHeader.ServiceResult = ua.StatusCode(ua.UInt32(code))

    return change


def broken(_: ua.WriteResponse) -> None:
    raise UaError("a chunk is out of order")


def results(*codes: int) -> Change:
    def change(response: ua.WriteResponse) -> None:
        response.Results = [ua.StatusCode(ua.UInt32(code)) for code in codes]

    return change


def answering(change: Change | None) -> Callable[..., Awaitable[Buffer]]:
    async def answer(_: UASocketProtocol, request: ua.WriteRequest, *_more: object) -> Buffer:
        response = ua.WriteResponse()
        response.ResponseHeader.RequestHandle = request.RequestHeader.RequestHandle
        response.Results = [ua.StatusCode()]
        if change is None:
            return Buffer(b"\x01\x00")
        change(response)
        return Buffer(ua_binary.struct_to_binary(response))

    return answer


async def test_one_answer_alone_says_that_it_is_done(
    plant: PlantServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[Change | None, type[Exception] | None, str]] = [
        (nothing, None, ""),
        (other_handle, WriteOutcomeUnknown, "the answer is not to this request"),
        (other_kind, WriteOutcomeUnknown, "the answer is not to this request"),
        (service(StatusCodes.BadTimeout), WriteOutcomeUnknown, "BadTimeout in an answer"),
        (service(StatusCodes.BadUserAccessDenied), WriteOutcomeUnknown, "in an answer that is no"),
        (results(StatusCodes.Good, StatusCodes.Good), WriteOutcomeUnknown, "2 results for one"),
        (results(), WriteOutcomeUnknown, "0 results for one"),
        # Good, and something about it: clamped by a server that says so in other bits.
        (results(StatusCodes.Good | 0x0400), WriteOutcomeUnknown, "unknown: Good$"),
        (results(StatusCodes.BadTypeMismatch), WriteRefused, "BadTypeMismatch"),
        (None, WriteOutcomeUnknown, "the answer cannot be decoded"),
        (broken, WriteOutcomeUnknown, "a chunk is out of order"),
    ]
    site = site_of(tmp_path / "site", link_of(plant))
    tag = site.tags[SETPOINT]
    for change, error, reason in cases:
        async with opened(site, tag) as session:
            permit = permit_for(session, tag, 361.5)
            with monkeypatch.context() as patch:
                patch.setattr(UASocketProtocol, "send_request", answering(change))
                if error is None:
                    await deliver(session, permit)
                else:
                    with pytest.raises(error, match=reason):
                        await deliver(session, permit)
