"""Registers and bits as `tags peek` shows them, in 80 columns."""

import struct

import pytest
import typer

from handwheel.connectors.modbus.transport import DeviceException
from handwheel.hmi.site.tags.peek import Cells, address_range, cell_fields, peek_lines

REFUSED = DeviceException(2)


def words(form: str, *numbers: float) -> tuple[int, ...]:
    data = struct.pack(form, *numbers)
    return struct.unpack(f">{len(data) // 2}H", data)


def test_a_value_is_recognised_by_its_order() -> None:
    high, low = words(">f", 350.5)
    held = [high, low, low, high, 0, 0, 0, 0, *words(">i", -7), 0x8000]
    cells: Cells = dict(enumerate(held)) | dict.fromkeys((12, 13), REFUSED)
    lines = list(peek_lines("modbus://h:502/1", "holding", cells))
    assert lines[:4] == [
        "modbus://h:502/1 holding",
        " addr  hex uint16  int16  32 bit       ABCD        CDAB        BADC        DCBA",
        "    0 43AF  17327  17327  float       350.5      2.0041           -           -",
        "                          int    1135558656  1073759151 -1354563520     4239171",
    ]
    assert [line.split()[6] for line in lines if line.startswith("    2 ")] == ["350.5"]
    assert "    4..6  all zero" in lines
    assert any(line.startswith("    8 FFFF  65535     -1") for line in lines)
    assert "   10 8000  32768 -32768" in lines
    assert lines[-2:] == [
        "   12..13  exception 2, illegal data address",
        "- is no number, or smaller than 1e-6 or larger than 1e9; --json tells it.",
    ]
    assert max(map(len, lines)) <= 80


def test_the_last_zero_stands_alone_as_a_high_word() -> None:
    lines = list(peek_lines("m", "input", dict(enumerate((0, 0, 0, 0, *words(">I", 9)[1:])))))
    assert lines[2] == "    0..2  all zero"
    assert lines[3].startswith("    3 0000      0      0  float")
    assert lines[4].split()[:2] == ["int", "9"]


def test_bits_stand_ten_in_a_row_with_what_is_refused() -> None:
    cells: Cells = {8: 1, 9: REFUSED, 10: 0}
    assert list(peek_lines("m", "coil", cells)) == [
        "m coil",
        " addr  +0 +1 +2 +3 +4 +5 +6 +7 +8 +9",
        "    0                           1  x",
        "   10   0",
        "    9  x: exception 2, illegal data address",
    ]
    assert list(cell_fields("coil", cells)) == [
        {"address": 8, "bit": 1},
        {"address": 9, "exception": 2, "reason": "exception 2, illegal data address"},
        {"address": 10, "bit": 0},
    ]


def test_programs_get_every_number_of_two_registers() -> None:
    first, last = cell_fields("input", dict(enumerate(words(">f", 1e12))))
    assert first["float32"]["ABCD"] == struct.unpack(">f", struct.pack(">f", 1e12))[0]
    assert first["uint32"]["DCBA"] == struct.unpack("<I", struct.pack(">f", 1e12))[0]
    assert last.keys() == {"address", "uint16", "int16"}


def test_a_range_is_read_as_typed_or_refused_with_a_reason() -> None:
    assert (address_range("0..40"), address_range("17")) == (range(41), range(17, 18))
    for text in ("", "a", "1-2", "3..1", "0..2000", "65536", "9" * 9):
        with pytest.raises(typer.BadParameter, match="write"):
            address_range(text)
