"""The plant's Modbus side, byte by byte: exact answers, exact refusals, and what the log keeps."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.frame_log import FrameLog
from handwheel.sim_plant.simulation import Simulation

from ....plants.served import frames_of, warm
from .modbus_wire import device_of, served, still_serves, wire

READS = [
    ("01 0000 0001", "010101"),  # P-101A.run_cmd
    ("01 0000 0002", "010101"),  # reset reads 0
    ("02 0000 0003", "020105"),  # running, not tripped, available
    ("02 0014 0003", "020104"),  # P-101B
    ("03 0000 0001", "03020001"),  # remote
    ("04 000c 0001", "04020000"),  # no trip cause
    ("04 0016 0002", "040400000000"),  # no current in P-101B
    ("04 002c 0001", "04020001"),  # version of the map
    ("04 000d 0001", "8402"),  # the gap after pump A
    *((f"01 {at} 0001", "8102") for at in ("0002", "0013", "0016")),
    ("01 0000 0015", "8102"),  # up to pump B
    ("02 0003 0001", "8202"),
    *((f"03 {at} 0001", "8302") for at in ("0001", "ffff")),
    ("03 0000 0015", "8302"),
    *((f"04 {each}", "8402") for each in ("000c 0002", "0021 0001", "002d 0001", "0000 002d")),
    ("04 ffff 0002", "8402"),
    ("04 0000 0000", "8403"),  # no items
    ("04 0000 007e", "8403"),  # 126 registers
    ("01 0000 07d1", "8103"),  # 2001 bits
    ("04 0000 0001 00", "8403"),  # too long
    ("2b 0d 01 00", "ab01"),
    ("08 0000 1234", "8801"),
    ("00", "8001"),
]


async def test_every_read_has_its_exact_answer() -> None:
    async with served() as server, wire(server.modbus.port) as viewer:
        assert [(pdu, await viewer.ask(pdu)) for pdu, _ in READS] == READS
        assert await viewer.ask("03 0000 0001", unit=2) == "830b"


WRITES = [
    # request, answer at the gate's port, tag, value afterwards
    ("05 0014 ff00", "050014ff00", "P-101B.run_cmd", True),
    ("05 0014 0000", "0500140000", "P-101B.run_cmd", False),
    ("0f 0014 0001 01 01", "0f00140001", "P-101B.run_cmd", True),
    ("0f 0014 0001 01 00", "0f00140001", "P-101B.run_cmd", False),
    ("06 0014 0002", "0600140002", "P-101B.mode", 2),
    ("05 0014 ff00", "8503", "P-101B.run_cmd", False),  # not in remote
    ("10 0014 0001 02 0001", "1000140001", "P-101B.mode", 1),
    ("06 0000 0002", "8603", "P-101A.mode", 1),  # running
    *((f"06 0014 {mode}", "8603", "P-101B.mode", 1) for mode in ("0000", "0003", "ffff")),
    ("05 0014 ff01", "8503", "P-101B.run_cmd", False),  # neither on nor off
    ("06 0001 0001", "8602", "P-101A.mode", 1),  # no such address
    ("05 0002 ff00", "8502", "P-101A.run_cmd", True),
    ("10 0000 0001 04 0002 0000", "9003", "P-101A.mode", 1),  # the byte count lies
    ("0f 0014 0001 02 01 00", "8f03", "P-101B.run_cmd", False),
    ("0f 0000 0002 01 00", "0f00000002", "P-101A.run_cmd", False),  # A off, no reset
]


async def test_the_gates_port_writes_what_the_plc_allows_and_logs_every_frame(
    tmp_path: Path,
) -> None:
    log = tmp_path / "frames.jsonl"
    async with served(frame_log=log) as server, wire(server.modbus_gate.port) as gate:
        for pdu, answer, tag, value in WRITES:
            assert (pdu, await gate.ask(pdu)) == (pdu, answer)
            assert (pdu, server.simulation.values()[tag]) == (pdu, value)
    assert [(frame["port"], frame["pdu"], frame["answer"]) for frame in frames_of(log)] == [
        ("gate", pdu.replace(" ", ""), _result(answer)) for pdu, answer, _, _ in WRITES
    ]


def _result(answer: str) -> str:
    return f"exception {bytes.fromhex(answer)[1]}" if len(answer) == 4 else "ok"


async def test_the_viewers_port_refuses_every_write_and_logs_the_refusal(tmp_path: Path) -> None:
    log = tmp_path / "frames.jsonl"
    async with served(frame_log=log) as server, wire(server.modbus.port) as viewer:
        before = server.simulation.plant.snapshot()
        for pdu, *_ in WRITES:
            for unit in (1, 2):
                assert await viewer.ask(pdu, unit) == f"{bytes.fromhex(pdu)[0] | 0x80:02x}01"
        assert server.simulation.plant.snapshot() == before
    assert [(frame["port"], frame["answer"]) for frame in frames_of(log)] == [
        ("viewer", "exception 1")
    ] * (2 * len(WRITES))


async def test_no_other_function_code_writes(tmp_path: Path) -> None:
    log = tmp_path / "frames.jsonl"
    async with served(frame_log=log) as server:
        before = server.simulation.plant.snapshot()
        for port, reads_and_writes in (
            (server.modbus.port, {1, 2, 3, 4}),
            (server.modbus_gate.port, {1, 2, 3, 4, 5, 6, 15, 16}),
        ):
            codes = [code for code in range(1, 128) if code not in reads_and_writes]
            # 22 and 23 write registers too.
            pdus = ["16001400000002", "170014000100140001020002"]
            pdus += [f"{code:02x}00140002" for code in codes]
            async with wire(port) as client:
                for pdu in pdus:
                    assert await client.ask(pdu) == f"{int(pdu[:2], 16) | 0x80:02x}01"
            assert [each["pdu"] for each in frames_of(log)][-len(pdus) :] == pdus
        assert server.simulation.plant.snapshot() == before


async def test_a_write_of_several_items_is_done_whole_or_not_at_all() -> None:
    async with served() as server, wire(server.modbus_gate.port) as gate:
        await gate.ask("06 0014 0002")
        before = server.simulation.plant.snapshot()
        # Coil 20 is refused in maintenance; coil 21 of the same request would be accepted.
        assert await gate.ask("0f 0014 0002 01 03") == "8f03"
        assert server.simulation.plant.snapshot() == before
        await gate.ask("06 0014 0001")
        assert await gate.ask("0f 0014 0002 01 03") == "0f00140002"
        assert server.simulation.values()["P-101B.run_cmd"] is True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
async def test_a_write_that_cannot_be_recorded_has_not_happened() -> None:
    async with served(Path("/dev/full")) as server:
        before = server.simulation.plant.snapshot()
        async with wire(server.modbus_gate.port) as gate, wire(server.modbus.port) as viewer:
            assert await gate.ask("05 0014 ff00") == "8504"
            assert await viewer.ask("01 0014 0001") == "010100"
        assert server.simulation.plant.snapshot() == before
        assert server.simulation.plant.drain_events() == []


async def test_a_stream_that_is_not_modbus_is_closed_and_the_next_client_served() -> None:
    cases: list[str] = [
        "0001 0001 0006 01",  # another protocol
        "0001 0000 0001 01",  # no function
        "0001 0000 0000 01",
        "0001 0000 0100 01",  # longer than Modbus allows
    ]
    for header in cases:
        async with served() as server:
            async with wire(server.modbus.port) as broken:
                broken.writer.write(bytes.fromhex(header) + bytes(300))
                assert await broken.reader.read() == b"", header
            await still_serves(server)


async def test_a_client_that_leaves_in_the_middle_of_a_frame_harms_nobody() -> None:
    async with served() as server:
        async with wire(server.modbus_gate.port) as leaving:
            leaving.writer.write(bytes.fromhex("0001 0000 0006 01 05 0014"))
            await leaving.writer.drain()
        await still_serves(server)
        assert server.simulation.values()["P-101B.run_cmd"] is False


async def test_a_full_house_loses_who_was_silent_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "handwheel.sim_plant.server.modbus.server"
    monkeypatch.setattr(f"{module}._MAX_CONNECTIONS", 2)
    request, answer = READS[0]
    async with served() as server:
        port = server.modbus_gate.port
        async with wire(port) as busy, wire(port) as silent:
            await silent.ask(request)
            await busy.ask(request)
            async with wire(port) as refused:
                assert await refused.reader.read() == b"", "nobody was silent for long"
            monkeypatch.setattr(f"{module}._SILENT_AFTER_S", 0.0)
            async with wire(port) as late:
                assert await late.ask(request) == answer
                assert await busy.ask(request) == answer
                assert await silent.reader.read() == b""


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=260)), max_size=20))
def test_no_bytes_break_the_server_or_move_the_plant_from_the_viewers_side(
    requests: list[tuple[bool, bytes]],
) -> None:
    with FrameLog(None, lambda: 0.0) as frames:
        simulation = Simulation(warm(), Scenario())
        device = device_of(simulation, frames)
        before = simulation.plant.snapshot()
        for is_gate, pdu in requests:
            side = device.modbus_gate if is_gate else device.modbus
            answer = side.answer(1, pdu, "peer")
            assert answer[0] in {pdu[0], pdu[0] & 0x7F | 0x80}
            assert len(answer) <= 253
            if not is_gate:
                assert simulation.plant.snapshot() == before
            before = simulation.plant.snapshot()


VENDOR = "00 09" + b"Handwheel".hex()
PRODUCT = "01 06" + b"cw-100".hex()
REVISION = "02 0f" + b"simulated plant".hex()
IDENTIFIED = [
    # code and first object, conformity, nothing follows, objects
    ("2b 0e 01 00", f"2b0e 01 81 00 00 03 {VENDOR} {PRODUCT} {REVISION}"),
    ("2b 0e 01 01", f"2b0e 01 81 00 00 02 {PRODUCT} {REVISION}"),
    ("2b 0e 01 09", f"2b0e 01 81 00 00 03 {VENDOR} {PRODUCT} {REVISION}"),  # from the start
    ("2b 0e 03 02", f"2b0e 03 81 00 00 01 {REVISION}"),
    ("2b 0e 04 01", f"2b0e 04 81 00 00 01 {PRODUCT}"),
    ("2b 0e 04 03", "ab02"),  # no such object
    ("2b 0e 00 00", "ab03"),  # no such way of asking
    ("2b 0e 05 00", "ab03"),
    ("2b 0e 01", "ab03"),
    ("2b 0e 01 00 00", "ab03"),
    ("2b 0e", "ab03"),
]


async def test_both_ports_say_who_they_are_and_log_nothing(tmp_path: Path) -> None:
    log = tmp_path / "frames.jsonl"
    async with served(log) as server:
        before = server.simulation.plant.snapshot()
        for port in (server.modbus.port, server.modbus_gate.port):
            async with wire(port) as client:
                for pdu, answer in IDENTIFIED:
                    assert (pdu, await client.ask(pdu)) == (pdu, answer.replace(" ", ""))
                assert await client.ask("2b 0e 01 00", unit=2) == "ab0b"
        await still_serves(server)
        assert server.simulation.plant.snapshot() == before
        assert frames_of(log) == []
        async with wire(server.modbus.port) as client:  # the twin: what is no such question is kept
            assert await client.ask("2b 0d 01 00") == "ab01"
        assert [frame["pdu"] for frame in frames_of(log)] == ["2b0d0100"]
