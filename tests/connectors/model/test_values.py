"""Quality, age, and how people see a value."""

import struct
from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from asyncua import ua
from asyncua.ua.status_codes import code_to_name_doc
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    DataValue,
    Quality,
    StatusCode,
    Value,
    exact_text,
    never_read,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_names_and_qualities_are_those_of_the_published_table() -> None:
    named = 0
    for code, (name, _) in code_to_name_doc.items():
        ours, theirs = StatusCode(code), ua.StatusCode(ua.UInt32(code))
        assert ours.name in {name, f"0x{code:08X}"}
        named += ours.name == name
        assert (ours.quality is Quality.GOOD) == theirs.is_good()
        assert (ours.quality is Quality.UNCERTAIN) == theirs.is_uncertain()
        assert (ours.quality is Quality.BAD) == theirs.is_bad()
    assert named >= 25


@given(st.integers(0, 0xFFFFFFFF))
def test_the_two_severity_bits_alone_give_the_quality(code: int) -> None:
    expected = ["good", "uncertain", "bad", "bad"][code >> 30]
    assert StatusCode(code).quality.value == expected


def test_a_code_with_information_bits_keeps_its_name() -> None:
    assert repr(StatusCode(0x80310480)) == "BadNoCommunication"
    assert repr(StatusCode(0x80FF0000)) == "0x80FF0000"


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6), st.floats(-1e9, 1e9))
def test_a_skewed_clock_does_not_change_the_age(
    on_device_s: float, since_s: float, skew_s: float
) -> None:
    sampled = NOON + timedelta(seconds=skew_s)
    answered = sampled + timedelta(seconds=on_device_s)
    reading = DataValue(1.0, GOOD, sampled, answered, 100.0)
    assert reading.age_s(100.0 + since_s) == pytest.approx(on_device_s + since_s, abs=1e-5)


def test_without_two_clocks_in_order_the_age_counts_from_the_arrival() -> None:
    later = NOON + timedelta(hours=1)
    for source, server in ((None, None), (NOON, None), (None, NOON), (NOON, NOON), (later, NOON)):
        assert DataValue(1.0, GOOD, source, server, 100.0).age_s(102.5) == 2.5


def test_another_status_changes_nothing_else() -> None:
    reading = DataValue(350.0, GOOD, NOON, NOON, 100.0)
    lost = reading.with_status(BAD_NO_COMMUNICATION)
    assert (reading.quality, lost.quality) == (Quality.GOOD, Quality.BAD)
    assert lost == DataValue(350.0, BAD_NO_COMMUNICATION, NOON, NOON, 100.0)
    assert never_read(GOOD, 1.0) == DataValue(None, GOOD, None, None, 1.0)


def test_values_are_shown_as_people_read_them() -> None:
    cases: list[tuple[Kind, Value | None, str]] = [
        *(("float", 350.0, "350"), ("float", 123456.7, "1.2346e+05"), ("float", None, "-")),
        *(("bool", True, "true"), ("bool", False, "false"), ("int", 4294967295, "4294967295")),
        *(("enum", 1, "auto"), ("enum", 7, "7 (unknown)"), ("enum", None, "-")),
        *(("string", "Grundfos", "Grundfos"), ("string", "\x1b[2J\n", "\\x1b[2J\\n")),
    ]
    for kind, value, text in cases:
        members = {"manual": 0, "auto": 1} if kind == "enum" else {}
        tag = Tag("X.pv", "dcs", kind, NodeAddress("s=X"), members=members)
        assert tag.show(DataValue(value, GOOD, None, None, 0.0)) == text


def test_what_is_written_is_shown_exactly() -> None:
    cases: list[tuple[float, str]] = [
        *((0.0, "0"), (100000.0, "100000"), (0.10000000149011612, "0.10000000149011612")),
        *((1e-15, "0.000000000000001"), (1e15, "1000000000000000"), (-2.5, "-2.5")),
    ]
    for number, text in cases:
        tag = Tag("X.sp", "dcs", "float", NodeAddress("s=X"))
        assert tag.show_value(number) == exact_text(number) == text


@given(st.floats())
def test_an_exact_text_is_the_number_again(number: float) -> None:
    assert struct.pack("d", float(exact_text(number))) == struct.pack("d", number) or isnan(number)


def test_a_devices_text_cannot_steer_the_terminal() -> None:
    tag = Tag("AIT-1.text", "dcs", "string", NodeAddress("s=x"))
    shown = {"21 °C": "21 °C", "\x1b[2J\n": "\\x1b[2J\\n", "a\u202eb": "a\\u202eb"}
    assert {text: tag.show_value(text) for text in shown} == shown
