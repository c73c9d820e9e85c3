"""Whatever the rules say: another one never makes it looser, and nothing lifts a prohibition."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue, Value
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.write_history import elapsed_s, last_sent, sent_within
from handwheel.tools.guardrails.policy.groups import GroupUsage, Move, TagGroup
from handwheel.tools.requests.timestamps import Instant, stamp

from ....sites.policy_text import DONE, SETPOINT, judge, policy_of, reads

_SPANS = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda p: (p[0], p[0] + p[1]))


@st.composite
def rules(draw: st.DrawFn) -> str:
    low, high = draw(_SPANS)
    parts = [
        "tags: [PIC-102.sp]",
        f"class: {draw(st.sampled_from(['R1', 'R2', 'R3']))}",
        f"roles: [{draw(st.sampled_from(['operator', 'foreman', 'nurse']))}]",
        f"limits: {low} kPa .. {high} kPa",
    ]
    if draw(st.booleans()):
        parts.append(f"band: {low} kPa .. {low + (high - low) / 2} kPa")
    if draw(st.booleans()):
        parts.append(f"max_step: {draw(st.integers(1, 300))} kPa")
    if draw(st.booleans()):
        parts.append(f"rate: {draw(st.integers(1, 100))} kPa/min")
    parts += [f"cooldown: {draw(st.integers(0, 100))} s"] + [DONE] * draw(st.integers(0, 1))
    return f"{{{', '.join(parts)}}}"


_VALUES = st.one_of(st.floats(), st.integers(-50, 650), st.booleans(), st.text(max_size=3))
_PRESENT = st.one_of(
    st.none(), st.builds(reads, _VALUES, st.sampled_from([GOOD, BAD_SENSOR_FAILURE]))
)


@settings(max_examples=40)
@given(st.lists(rules(), min_size=1, max_size=3), rules(), _VALUES, _PRESENT)
def test_another_rule_never_makes_it_looser(
    site: Site, some: list[str], another: str, value: Value, now: DataValue | None
) -> None:
    before = judge(policy_of(site, allow=some), site, "PIC-102.sp", value, now)
    after = judge(policy_of(site, allow=[*some, another]), site, "PIC-102.sp", value, now)
    assert before.is_allowed or not after.is_allowed
    assert before.risk_class <= after.risk_class
    assert before.quorum <= after.quorum
    assert set(before.roles) <= set(after.roles)
    assert before.cooldown_s <= after.cooldown_s
    assert after.max_step is not None or before.max_step is None
    assert (after.rate_per_s or 0.0) <= (before.rate_per_s or 1e9)


@settings(max_examples=40)
@given(st.lists(rules(), max_size=3), _VALUES, _PRESENT)
def test_nothing_lifts_a_prohibition(
    site: Site, some: list[str], value: Value, now: DataValue | None
) -> None:
    forbid = ["{tags: [PIC-*], reason: x}"]
    ruling = judge(policy_of(site, allow=some, forbid=forbid), site, "PIC-102.sp", value, now)
    assert (ruling.is_allowed, ruling.risk_class) == (False, "R4")


@given(_VALUES, _PRESENT)
def test_what_is_allowed_is_in_bounds(site: Site, value: Value, now: DataValue | None) -> None:
    ruling = judge(policy_of(site, allow=[SETPOINT]), site, "PIC-102.sp", value, now)
    if ruling.is_allowed:
        assert isinstance(value, int | float)
        assert now is not None
        assert isinstance(now.value, int | float)
        assert 280.0 <= value <= 420.0
        assert abs(value - now.value) < 20.001
        assert now.status == GOOD


class Ledger:
    """The two tables that groups are counted from, without anything that guards them."""

    def __init__(self, rows: Sequence[tuple[str, Instant]]) -> None:
        self.connection = sqlite3.connect(":memory:")
        columns = "action_id, request_id, tag, sent_at, sent_boot_id, sent_boot_ms INTEGER"
        self.all(f"CREATE TABLE action({columns})")
        self.all("CREATE TABLE intent(action_id, seq INTEGER)")
        for n, (tag, at) in enumerate(rows):
            sent = f"R/{n}", "R", tag, stamp(at.wall), at.boot_id, at.boot_ms
            self.all("INSERT INTO action VALUES (?, ?, ?, ?, ?, ?)", *sent)
            self.all("INSERT INTO intent VALUES (?, ?)", f"R/{n}", n)

    def all(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return self.connection.execute(question, values).fetchall()


_START = datetime(2026, 11, 25, 8, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, Instant]], Instant]:
    """Writes of tags in order, over restarts and a wall clock that is set; and a moment then."""
    rows: list[tuple[str, Instant]] = []
    wall, boot, boot_ms = _START, 1, 50_000
    for kind, seconds in draw(
        st.lists(st.tuples(st.sampled_from("abcbrs"), st.integers(0, 700)), min_size=1, max_size=12)
    ):
        wall += timedelta(seconds=seconds)
        boot_ms += seconds * 1000
        if kind == "r":
            boot, boot_ms = boot + 1, 1000 * seconds
        elif kind == "s":
            wall -= timedelta(seconds=2 * seconds)
        else:
            rows.append((kind, Instant(wall, f"boot-{boot}", boot_ms)))
    return rows, Instant(wall, f"boot-{boot}", boot_ms)


@given(
    histories(), st.sets(st.sampled_from("abc"), min_size=1), st.sampled_from([1.0, 60.0, 600.0])
)
def test_a_group_is_counted_as_a_list_would_be(
    history: tuple[list[tuple[str, Instant]], Instant], tags: set[str], within_s: float
) -> None:
    rows, now = history
    tables = Ledger(rows)
    ledger = cast(Database, tables)
    expected = [
        f"R/{n}"
        for n, (tag, at) in enumerate(rows)
        if tag in tags
        and (
            now.boot_ms - at.boot_ms < within_s * 1000.0
            if at.boot_id == now.boot_id
            else now.boot_ms < within_s * 1000.0 and (now.wall - at.wall).total_seconds() < within_s
        )
    ]
    since = {tag: min(elapsed_s(at, now) for each, at in rows if each == tag) for tag, _ in rows}
    with closing(tables.connection):
        found = sent_within(ledger, tags, within_s, now)
        assert [each.action_id for each in found] == expected[::-1]
        for tag in "abc":
            last = last_sent(ledger, tag, now)
            assert (last.since_s if last else None) == since.get(tag)


_MOVES = st.lists(
    st.builds(Move, st.just("a"), st.integers(-50, 50), st.integers(-50, 50)), max_size=6
)


@given(_MOVES, st.none() | st.integers(1, 4), st.none() | st.integers(1, 99), st.integers(-50, 50))
def test_a_group_lets_through_what_its_sums_allow_and_less_after_more(
    moves: list[Move], writes: int | None, travel: int | None, after: int
) -> None:
    group = TagGroup("g", frozenset("a"), writes, travel, "kPa", {"a": 0.0}, 60.0, "policy.yaml:1")
    used, one = GroupUsage(group, tuple(moves), 1.0), Move("a", 0, after)
    total = sum(abs(int(each.after) - int(each.before or 0)) for each in (*moves, one))
    is_too_many = writes is not None and len(moves) + 1 > writes
    is_too_far = travel is not None and total > travel
    assert bool(used.denial(one)) == (is_too_many or is_too_far)
    if moves and not used.denial(one):
        assert not GroupUsage(group, tuple(moves[1:]), 1.0).denial(one)
        assert not GroupUsage(group, tuple(moves[1:]), 1.0).denial(one, moves[:1])
    unknown = Move("a", None, after)
    assert travel is None or used.denial(unknown)
