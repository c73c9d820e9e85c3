"""Whatever the rules say: another one never makes it looser, and nothing lifts a prohibition."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue, Value
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.write_history import elapsed_s, last_sent, sent_within
from handwheel.tools.guardrails.policy.areas import Roles
from handwheel.tools.guardrails.policy.groups import GroupUsage, Move, TagGroup
from handwheel.tools.requests.timestamps import Instant, stamp

from ....sites.policy_text import DONE, SETPOINT, judge, policy_of, reads

_SPANS = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda p: (p[0], p[0] + p[1]))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule for PIC-102.sp, with whatever it may say."""
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


_FORBIDS = st.sampled_from([
    "{tags: [PIC-102.sp], reason: x}",
    "{tags: [TIC-202.sp], reason: x}",
    "{connection: dcs, nodes: ['nsu=*;s=PIC-1*'], reason: x}",
    "{connection: dcs, nodes: ['nsu=*;s=TIC-202.?p'], reason: x}",
    "{connection: pkg, table: holding, addresses: 0..65535, reason: x}",
])  # fmt: skip
_TAGS = st.sampled_from(["PIC-102.sp", "TIC-202.sp", "P-101A.mode"])
_EVERY = [
    SETPOINT.replace("band: 320 kPa .. 380 kPa, ", ""),
    f"{{tags: [TIC-202.sp], class: R1, roles: [operator], limits: 0 degC .. 400 degC, {DONE}}}",
    f"{{tags: [P-101A.mode], class: R1, roles: [operator], {DONE}}}",
]


@settings(max_examples=40)
@given(st.lists(_FORBIDS, max_size=2), _FORBIDS, _TAGS, _VALUES, _PRESENT)
def test_another_prohibition_never_allows_more(
    site: Site, some: list[str], another: str, name: str, value: Value, now: DataValue | None
) -> None:
    before = judge(policy_of(site, allow=_EVERY, forbid=some), site, name, value, now)
    after = judge(policy_of(site, allow=_EVERY, forbid=[*some, another]), site, name, value, now)
    assert before.is_allowed or not after.is_allowed
    assert before.risk_class <= after.risk_class


@settings(max_examples=50)
@given(st.sampled_from(["CW/*", "CW", "*/PUMPS-101", "CW/PUMPS-101/*"]), _TAGS, _VALUES, _PRESENT)
def test_an_area_never_allows_more(
    site: Site, area: str, name: str, value: Value, now: DataValue | None
) -> None:
    rule = f"class: R1, roles: [operator], {DONE}}}"
    wide = f"{{tags: ['*.mode', '*.run_cmd'], {rule}"
    narrow = f"{{tags: ['*.mode', '*.run_cmd'], area: '{area}', {rule}"
    try:
        within = judge(policy_of(site, allow=[narrow]), site, name, value, now)
    except ConfigError:
        return  # nothing that it names lies there
    assert judge(policy_of(site, allow=[wide]), site, name, value, now).is_allowed or (
        not within.is_allowed
    )


_BOUND = st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from("xyz")), max_size=4)
_ACTS = st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from("abcd")), max_size=4)


@given(_ACTS, _BOUND, st.sampled_from("abcd"), st.sampled_from("abcd"), st.sets(
    st.sampled_from("xyz"), min_size=1), st.sets(st.sampled_from("xyz")))  # fmt: skip
def test_more_tags_and_more_bounds_never_make_a_role_count_for_more(
    acts_as: dict[str, list[str]],
    bound: dict[str, set[str]],
    held: str,
    wanted: str,
    tags: set[str],
    more: set[str],
) -> None:
    known = {role: tuple(acts_as.get(role, ())) for role in "abcd"}
    covers = {role: frozenset(tags) for role, tags in bound.items()}
    roles, free = Roles(known, {}, covers), Roles(known, {}, {})
    counts = roles.satisfies(held, wanted, tags)
    assert counts or not roles.satisfies(held, wanted, tags | more)
    assert free.satisfies(held, wanted, tags) or not counts
    assert counts or not roles.satisfies(held, wanted, None)
    assert not roles.satisfies(held, wanted, ()) or free.satisfies(held, wanted, ())


@dataclass(frozen=True)
class Ledger:
    """The two tables that groups are counted from, without anything that guards them."""

    connection: sqlite3.Connection

    def all(self, question: str, *values: object) -> list[tuple[object, ...]]:
        return self.connection.execute(question, values).fetchall()


def _ledger_of(rows: Sequence[tuple[str, Instant]]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE action(action_id TEXT, request_id TEXT, tag TEXT, sent_at TEXT, "
        "sent_boot_id TEXT, sent_boot_ms INTEGER)"
    )
    connection.execute("CREATE TABLE intent(action_id TEXT, seq INTEGER)")
    for n, (tag, at) in enumerate(rows):
        connection.execute(
            "INSERT INTO action VALUES (?, 'R', ?, ?, ?, ?)",
            (f"R/{n}", tag, stamp(at.wall), at.boot_id, at.boot_ms),
        )
        connection.execute("INSERT INTO intent VALUES (?, ?)", (f"R/{n}", n))
    return connection


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
    connection = _ledger_of(rows)
    ledger = cast(Database, Ledger(connection))
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
    with closing(connection):
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
