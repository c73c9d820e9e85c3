"""The lossy device: what it says of a write in its record is what it did."""

from pathlib import Path

from ..auditor.checks.frames import read_frames
from ..plants.devices.lossy_pumps import Device, FrameLog
from ..plants.served import frames_of

START_B = bytes.fromhex("050014ff00")
STOP_B = bytes.fromhex("0500140000")
RUN_B = bytes.fromhex("0100140001")


def _ask(device: Device, pdu: bytes, port: str = "gate", unit: int = 1) -> bytes | None:
    return device.answer(port, 5021, "127.0.0.1:1", unit, pdu)


def test_a_write_is_recorded_executed_and_answered(tmp_path: Path) -> None:
    log = tmp_path / "frames"
    device = Device(FrameLog(log))
    assert _ask(device, START_B) == START_B
    assert _ask(device, RUN_B, "viewer") == b"\x01\x01\x01"
    assert _ask(device, STOP_B, "viewer") == b"\x85\x01"
    assert _ask(device, bytes.fromhex("0600000002")) == bytes.fromhex("0600000002")
    assert _ask(device, bytes.fromhex("0500000000")) == b"\x85\x03", "not in remote"
    assert _ask(device, STOP_B, unit=2) == b"\x85\x0b"
    assert _ask(device, STOP_B) == STOP_B
    assert _ask(device, RUN_B, "viewer") == b"\x01\x01\x00"
    ok, no = "ok", "exception"
    answers = [frame["answer"].split()[0] for frame in frames_of(log)]
    assert answers == [ok, no, ok, no, no, ok]
    seen = list(read_frames(log.read_text()))
    assert [frame.n for frame in seen if frame.is_accepted] == [1, 3, 6]
    assert seen[0].wire == "01" + START_B.hex()


def test_a_lost_answer_never_comes_and_a_swallowed_write_is_not_done(tmp_path: Path) -> None:
    for always, executed, answer in (("lose", 1, "ok"), ("swallow", 0, "swallowed")):
        log = tmp_path / answer
        device = Device(FrameLog(log))
        device.obey(always)
        assert _ask(device, START_B) is None
        assert _ask(device, RUN_B, "viewer") == bytes([1, 1, executed])
        assert [frame["answer"] for frame in frames_of(log)] == [answer]
        (arrived,) = read_frames(log.read_text())
        assert (arrived.is_accepted, arrived.port) == (bool(executed), 5021)
