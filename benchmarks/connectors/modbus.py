"""Speed of reading Modbus devices of others, against clients of libmodbus and pymodbus."""

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..peers.launch import NotHere, built, script, served
from .modbus_clients import BLOCK, REQUESTS, SCATTERED, minimal_plan
from .rounds import compared

_ITEMS = 65_536
_PASSES: Mapping[str, int] = {
    "libmodbus": 20, "ours": 10, "ours-16": 10, "pymodbus": 5,
    "tags": 10, "tags-16": 10, "tags-minimal": 20,
}  # fmt: skip
_REGISTERS = f"modbus: {REQUESTS * BLOCK:,} registers of libmodbus"
_TAGS = f"modbus: {len(SCATTERED):,} scattered tags in {len(minimal_plan(SCATTERED))} requests"
_SERIAL = f"modbus: {REQUESTS * BLOCK:,} registers of modbus-serial"


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios and the milliseconds of this machine."""
    with TemporaryDirectory() as folder:
        return [*_of_libmodbus(Path(folder), repeats), *_of_modbus_serial(repeats)]


@contextmanager
def libmodbus(folder: Path) -> Generator[int]:
    """Serves every register by libmodbus, and yields its port.

    Raises:
        NotHere: It cannot be built.
    """
    with served([built(folder, "mbserver", "modbus")], _ITEMS) as port:
        yield port


def _of_libmodbus(folder: Path, repeats: int) -> list[tuple[str, str]]:
    try:
        with libmodbus(folder) as port:
            program = str(built(folder, "mbclient", "modbus"))
            client = [program, str(port), str(REQUESTS), str(BLOCK)]
            blocks = compared(
                {"libmodbus": client, **_ours(port, "ours", "ours-16", "pymodbus")},
                _PASSES,
                repeats,
            )
            names = ("tags", "tags-16", "tags-minimal", "tags-singly", "tags-pymodbus")
            return [*_blocks(blocks), *_tags(compared(_ours(port, *names), _PASSES, repeats))]
    except NotHere as missing:
        return [(_REGISTERS, f"not here: {missing}"), (_TAGS, f"not here: {missing}")]


def _of_modbus_serial(repeats: int) -> list[tuple[str, str]]:
    try:
        with served(script("mbserver", "modbus-serial"), _ITEMS) as port:
            times = compared(_ours(port, "ours", "ours-16", "pymodbus"), _PASSES, repeats)
    except NotHere as missing:
        return [(_SERIAL, f"not here: {missing}")]
    return [
        (f"{_SERIAL}, ours with 16 in flight, against pymodbus", _of(times, "ours-16", "pymodbus")),
        (f"{_SERIAL}, ours with 1 in flight, against pymodbus", _of(times, "ours", "pymodbus")),
    ]


def _ours(port: int, *names: str) -> dict[str, Sequence[str]]:
    module = [sys.executable, "-m", "benchmarks.connectors.modbus_clients"]
    return {name: [*module, name, str(port)] for name in names}


def _blocks(times: Mapping[str, float]) -> list[tuple[str, str]]:
    return [
        (
            f"{_REGISTERS}, 16 in flight, at most 0.60 of its own client",
            _of(times, "ours-16", "libmodbus"),
        ),
        (
            f"{_REGISTERS}, 1 in flight, at most 1.80 of its own client",
            _of(times, "ours", "libmodbus"),
        ),
        (f"{_REGISTERS}, 1 in flight, at most 0.65 of pymodbus", _of(times, "ours", "pymodbus")),
    ]


def _tags(times: Mapping[str, float]) -> list[tuple[str, str]]:
    return [
        (f"{_TAGS}, at most 3 of these over a bare socket", _of(times, "tags", "tags-minimal")),
        (f"{_TAGS}, the same with 16 in flight", _of(times, "tags-16", "tags-minimal")),
        (f"{_TAGS}, pymodbus tag by tag, at least 50 of ours", _of(times, "tags-pymodbus", "tags")),
        (f"{_TAGS}, ours tag by tag, at least 50 of ours", _of(times, "tags-singly", "tags")),
        (
            f"{_TAGS}, pymodbus tag by tag, of ours with 16 in flight",
            _of(times, "tags-pymodbus", "tags-16"),
        ),
    ]


def _of(times: Mapping[str, float], one: str, other: str) -> str:
    one_s, other_s = times[one], times[other]
    return f"{one_s / other_s:.2f} ({1000.0 * one_s:.2f} ms, there {1000.0 * other_s:.2f} ms)"
