"""What the gate makes of a device's readings and answers, before the frame and after it."""

from collections.abc import Callable, Sequence

import pytest

from handwheel.connectors.actuation import permit
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_SENSOR_FAILURE,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.connectors.session.protocols import Encoded, Session
from handwheel.tools.guardrails.ledger.store.states import ACKNOWLEDGED

from ...plants.in_memory import MemoryConnector
from ..flood.flood import altered
from ..flood.forged import also_expects
from ..testbed.with_oracle import SETPOINT, START_B, Watched, nth

_DOOR = "handwheel.connectors.actuation.write_session"
RESET = ("P-101B.reset", True)
Change = Callable[[DataValue], DataValue]


def shows(room: Watched, tag: str, change: Change, *, after_frame: bool = False) -> None:
    """Lets a tag read otherwise, from now on or from the frame on."""
    read = room.plant.read

    def changed(tags: Sequence[Tag]) -> dict[str, DataValue]:
        found = read(tags)
        if tag in found and len(room.plant.frames) >= after_frame:
            found[tag] = change(found[tag])
        return found

    room.plant.read = changed  # type: ignore[method-assign]


def older(seconds: float) -> Change:
    return lambda reading: reading._replace(received_s=reading.received_s - seconds)


def as_value(value: Value) -> Change:
    return lambda reading: reading._replace(value=value)


def with_status(status: StatusCode) -> Change:
    return lambda reading: reading.with_status(status)


@pytest.mark.way_in("C18")
@pytest.mark.way_in("C19")
@pytest.mark.parametrize(
    ("tag", "change", "reason"),
    [
        ("P-101A.run_cmd", older(1.9), ""),
        ("P-101A.run_cmd", older(2.1), "P-101A.run_cmd cannot be relied on: BadNoCommunication"),
        ("P-101A.mode", older(2.1), "not true: P-101A.mode == 'remote'"),
        ("PT-102.pv", older(2.1), "PT-102.pv"),
        ("P-101A.run_cmd", with_status(BAD_NO_COMMUNICATION), "P-101A.run_cmd cannot be relied on"),
        ("P-101A.mode", with_status(BAD_NO_COMMUNICATION), "P-101A.mode == 'remote'"),
        ("P-101A.run_cmd", as_value(0), "P-101A.run_cmd reads 0; false was expected"),
        ("P-101A.run_cmd", with_status(UNCERTAIN_LAST_USABLE), "cannot be relied on: Uncertain"),
    ],
)
async def test_a_reading_that_is_old_or_of_another_kind_lets_nothing_through(
    room: Watched, tag: str, change: Change, reason: str
) -> None:
    request = room.approved()
    shows(room, tag, change)
    await room.act()
    assert (room.desk.states(request) == ["INVALIDATED"]) == bool(reason)
    assert reason in room.reason(request)
    assert len(room.plant.frames) == (not reason)


async def test_a_reading_that_is_no_number_is_near_none(room: Watched) -> None:
    request = room.approved(SETPOINT)
    shows(room, "PIC-102.sp", as_value(True))
    await room.act()
    room.expect(request, "INVALIDATED", part="was expected", frames=0)
    # Nor is true near 5, though as a number it is 1.
    room.plant.values["PT-102.pv"] = 5.0
    expects = also_expects("PT-102.pv", True, tolerance=12.0)
    other = altered(room.desk.request([START_B])[0], expects)
    room.signed_through(other)
    await room.act()
    room.expect(other, "INVALIDATED", part="PT-102.pv reads 5 kPa;", frames=0)


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (as_value(True), "VERIFIED", "P-101A.run_cmd reads true"),
        (as_value(False), "MISMATCH", "P-101A.run_cmd reads false, not true"),
        # It equals what was sent, and would be written with no bytes at all.
        (as_value(1), "MISMATCH", "P-101A.run_cmd reads 1, not true"),
        (with_status(BAD_SENSOR_FAILURE), "UNKNOWN", "(BadSensorFailure)"),
        (with_status(UNCERTAIN_LAST_USABLE), "UNKNOWN", "(UncertainLastUsableValue)"),
    ],
)
async def test_only_a_good_reading_of_the_very_bytes_verifies(
    room: Watched, change: Change, state: str, words: str
) -> None:
    request = room.approved()
    shows(room, "P-101A.run_cmd", change, after_frame=True)
    await room.act()
    assert room.desk.states(request) == [state]
    told = room.rows(f"action.{state}")[-1]
    assert words in told["readback"]
    assert told["sent"] is True
    assert room.faults() == ()


@pytest.mark.way_in("V3")
@pytest.mark.parametrize("late", [1, 2])
async def test_what_shows_late_is_waited_for_until_the_time_is_up(room: Watched, late: int) -> None:
    """The first look after the frame shows the old value, or is lost; the next one counts."""
    request, looks = room.approved(), list[float]()

    def first_old(reading: DataValue) -> DataValue:
        looks.append(reading.received_s)
        return reading._replace(value=False) if len(looks) <= late else reading

    shows(room, "P-101A.run_cmd", first_old, after_frame=True)
    await room.act()
    # 10 ms are over after the first look, and then there is one more.
    state, shown = ("VERIFIED", "true") if late == 1 else ("MISMATCH", "false, not true")
    room.expect(request, state, f"P-101A.run_cmd reads {shown}")
    assert len(looks) == 2
    await room.act()
    assert room.wires == [request.commands[0].wire]


async def test_a_session_that_is_lost_at_the_read_back_is_opened_anew(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, opens, losses = room.approved(), list[str](), list[str]()
    opened, read = MemoryConnector.open, room.plant.read

    async def count(self: MemoryConnector) -> Session:
        opens.extend([self.name] if room.plant.frames else [])
        return await opened(self)

    def lose_once(tags: Sequence[Tag]) -> dict[str, DataValue]:
        if room.plant.frames and not losses:
            losses.append("pkg")
            raise NotConnected({"pkg": "the device closed the connection"})
        return read(tags)

    monkeypatch.setattr(MemoryConnector, "open", count)
    room.plant.read = lose_once  # type: ignore[method-assign]
    await room.act()
    assert room.desk.states(request) == ["VERIFIED"]
    assert (opens, losses) == (["pkg", "pkg"], ["pkg"])


async def test_a_value_that_the_device_takes_no_more_is_not_sent(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(self: ModbusEncoder, tag: Tag, value: Value) -> Encoded:
        raise ValueError("it is an integer by now")

    request = room.approved()
    monkeypatch.setattr(ModbusEncoder, "encode", encode)
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    told = "P-101A.run_cmd cannot be encoded any more: it is an integer by now"
    assert (room.reason(request), room.plant.frames) == (told, [])


async def test_a_device_that_cannot_be_read_after_the_frame_leaves_it_unknown(
    room: Watched,
) -> None:
    request = room.approved()
    reach = room.fuse.reach

    def go_down(point: str) -> None:
        reach(point)
        room.plant.is_down = room.plant.is_down or point == "frame executed"

    room.fuse.reach = go_down  # type: ignore[method-assign]
    await room.act()
    room.expect(request, "UNKNOWN", "P-101A.run_cmd could not be read within 0.01 s")


async def test_a_pulse_is_verified_by_its_answer_and_the_audit_asks_for_no_more(
    room: Watched,
) -> None:
    pulse, shown = room.approved(RESET), room.approved(START_B)
    await room.act(2)
    assert room.desk.states(pulse) == room.desk.states(shown) == ["VERIFIED"]
    assert (room.reason(pulse), pulse.commands[0].readback) == (ACKNOWLEDGED, None)
    assert room.reason(shown) == "P-101B.run_cmd reads true"
    assert room.faults() == ()


@pytest.mark.parametrize(("seconds", "state"), [(1.8, "VERIFIED"), (2.1, "REFUSED")])
async def test_the_session_stops_a_frame_that_would_be_late(
    room: Watched, monkeypatch: pytest.MonkeyPatch, seconds: float, state: str
) -> None:
    """Whatever the gate has looked at before: the permit ends 2 s after the fresh look."""
    request = room.approved()
    clock_s = permit.permit_clock_s
    monkeypatch.setattr(f"{_DOOR}.permit_clock_s", lambda: clock_s() + seconds)
    await room.act()
    assert room.desk.states(request) == [state]
    assert state == "VERIFIED" or room.reason(request).endswith("the permit has expired")
    assert len(room.plant.frames) == (state == "VERIFIED")


@pytest.mark.parametrize(
    ("name", "state"), [("P-101Z", "REFUSED"), ("P-101A", "REFUSED"), ("P-101B", "VERIFIED")]
)
async def test_a_mistyped_lockout_stops_everything_also_at_the_last_look(
    room: Watched, name: str, state: str
) -> None:
    last = nth(await room.way(RESET), "anchored", 2)
    request = room.approved()
    room.fuse.arm(last, lambda: room.desk.lock_out(name))
    await room.act()
    assert room.desk.states(request) == [state]
    assert state == "VERIFIED" or room.reason(request) == f"locked out: {name}"
    assert len(room.plant.frames) == 1 + (state == "VERIFIED")
