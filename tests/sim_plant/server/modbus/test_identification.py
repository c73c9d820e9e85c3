"""The plant says who it is over Modbus, on both ports, and that is no write."""

from pathlib import Path

from ....plants.served import frames_of
from .modbus_wire import served, still_serves, wire

VENDOR = "00 09" + b"Handwheel".hex()
PRODUCT = "01 06" + b"cw-100".hex()
REVISION = "02 0f" + b"simulated plant".hex()
ASKED = [
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
                for pdu, answer in ASKED:
                    assert (pdu, await client.ask(pdu)) == (pdu, answer.replace(" ", ""))
                assert await client.ask("2b 0e 01 00", unit=2) == "ab0b"
        await still_serves(server)
        assert server.simulation.plant.snapshot() == before
        assert frames_of(log) == []
        async with wire(server.modbus.port) as client:  # the twin: what is no such question is kept
            assert await client.ask("2b 0d 01 00") == "ab01"
        assert [frame["pdu"] for frame in frames_of(log)] == ["2b0d0100"]
