"""Agents that start anew: their windows, triggers and trends know what was recorded before."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest

from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.deviations.standing import StandingDeviations
from handwheel.agents.deviations.triggers import TriggerWatch
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.historian import database
from handwheel.connectors.historian.database import HISTORY_FILE
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.historian.recorded_history import RecordedHistory, RecordedScan
from handwheel.connectors.historian.writer import HistoryWriter, SampleBatch
from handwheel.connectors.methods.hourly_means import PAST_S
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue, StatusCode, Value
from handwheel.hmi.processes import agents
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.conditions import History, Truth, parse_condition, parse_expression

from ...playbooks.sample_playbook import changed, loaded
from ...tools.conditions.samples import TAGS

VT, PT, CLOCK = "VT-101A.pv", "PT-102.pv", "SIM-CLOCK.pv"
RUNNING = "P-101B.running"
T0_S = 1_790_000_000.0
NOW_S = 7000.0  # of the machine that agents start on, which began to count anew
RISING = "rate(duty.vibration, 30 min) > 0.1 mm/s/h"
BAD = StatusCode(0x808C0000)

Readings = dict[str, DataValue]


def reading(value: Value | None, status: StatusCode = GOOD) -> DataValue:
    return DataValue(value, status, None, None, NOW_S)


def record(state: Path, length_s: int, read: Callable[[int], Readings], start_s: int = 0) -> None:
    """Records one scan a second; without readings there is a gap."""
    with closing(HistoryWriter(state / HISTORY_FILE, {})) as writer:
        batches, is_after_gap = list[SampleBatch](), False
        for second in range(start_s, start_s + length_s):
            if readings := read(second):
                at_us = round((T0_S + second) * 1e6)
                batches.append(SampleBatch(at_us, list(readings.items()), is_after_gap))
            is_after_gap = not readings
        writer.write(batches)


def restart(
    view: PlantView, state: Path, at_s: float, *more: ContinuousDiagnosis
) -> RecordedHistory:
    clock_tag = view.clock.tag
    past = RecordedHistory(partial(HistoryReader, state), clock_tag, 1.0, wall=lambda: T0_S + at_s)
    view.preload(past, NOW_S, *more)
    return past


@pytest.fixture
def plan(site: Site, tmp_path: Path) -> BoundPlaybook:
    text = changed(
        ("    - {alarm: VAH-101A}\n", ""),
        ("duty.vibration > high", RISING),
        ("for: 60 s", "for: 0 s"),
    )
    return bind(loaded(tmp_path, text), site)


def rises(second: int) -> Readings:
    return {VT: reading(2.0 + 0.001 * second)}


def rises_fast(second: int) -> Readings:
    """As seen at a plant that runs ten times as fast as the wall."""
    return {VT: reading(2.0 + 0.01 * second), CLOCK: reading(500.0 + 10.0 * second)}


def level(_: int) -> Readings:
    return {VT: reading(2.0)}


def between(begin: int, end: int, other: Readings) -> Callable[[int], Readings]:
    return lambda second: other if begin <= second < end else rises(second)


async def fires(plan: BoundPlaybook, state: Path, at_s: int, now: Readings, clock: str) -> bool:
    """Whether the trigger is due at the first scan after the restart."""
    view, watch = PlantView.of(plan.conditions, clock), TriggerWatch(plan)
    with closing(restart(view, state, at_s)):
        view.observe(now, NOW_S)
        watch.evaluate(view, is_owned=False)
        return watch.due is not None


async def test_a_trigger_does_not_wait_for_what_was_recorded(
    plan: BoundPlaybook, tmp_path: Path
) -> None:
    for what, at_s, read, is_due in (
        ("seen all the time", 1801, rises, True),
        ("down for three minutes", 1980, rises, True),
        ("down for ten of the thirty", 2400, rises, False),
        ("level", 1801, level, False),
        ("a short gap", 1801, between(900, 1000, {}), True),
        ("a long gap", 1801, between(900, 1500, {}), False),
        ("long bad", 1801, between(900, 1500, {VT: reading(2.0, BAD)}), False),
        ("without a value", 1801, between(900, 1500, {VT: reading(None)}), False),
    ):
        state = tmp_path / what
        state.mkdir()
        record(state, 1800, read)
        now = read(at_s)
        assert await fires(plan, state, at_s, now, "") is is_due, what
        assert not await fires(plan, tmp_path / "nothing", at_s, now, "")


def test_days_to_the_limit_are_known_after_a_restart(site: Site, tmp_path: Path) -> None:
    end_s = 500.0 + 100.0 * 1200

    def fouls(second: int) -> Readings:
        """As seen at a plant that runs a hundred times as fast as the wall."""
        shown_s = 500.0 + 100.0 * second
        return {"E-101.rf": reading(1e-10 * (shown_s - end_s)), CLOCK: reading(shown_s)}

    record(tmp_path, 1200, fouls)
    past = RecordedHistory(partial(HistoryReader, tmp_path), CLOCK, 1.0, wall=lambda: T0_S + 1200)
    computed = ComputedTags(site, site.find_tags(["E-101.days_to_limit"]))
    clean = {"FT-201.pv": 40.0, "TT-201.pv": 80.0, "TT-202.pv": 48.0, "FT-103.pv": 36.56,
             "TT-105.pv": 42.4, "TT-106.pv": 26.0, CLOCK: end_s}  # fmt: skip
    now = {name: reading(value) for name, value in clean.items()}
    with closing(past):
        means = past.hourly_means("E-101.rf", PAST_S)
    assert [each.value for each in means] == pytest.approx(
        [1e-10 * (each.at_s - end_s) for each in means], abs=1e-7
    )
    computed.recall("E-101.rf", means)
    reached = computed.complete(now)["E-101.days_to_limit"]
    assert reached.value == pytest.approx(3e-4 / (1e-10 * 86400.0), rel=0.02)


async def test_windows_are_filled_from_the_same_plant_only(
    plan: BoundPlaybook, tmp_path: Path
) -> None:
    record(tmp_path, 180, rises_fast)
    for at_s, shown_s, is_due in (
        (181, 2310.0, True),  # it has gone on meanwhile
        (190, 2406.0, True),  # as exactly as scans can tell
        (190, 20.0, False),  # begun anew
        (190, 2310.0, False),  # begun anew, and ahead of where the other was left
    ):
        now = rises_fast(at_s) | {CLOCK: reading(shown_s)}
        assert await fires(plan, tmp_path, at_s, now, CLOCK) is is_due, (at_s, shown_s)


async def test_a_plant_that_began_anew_while_it_was_recorded_counts_from_there(
    plan: BoundPlaybook, tmp_path: Path
) -> None:
    record(tmp_path, 180, rises_fast)

    def anew(second: int) -> Readings:
        return rises_fast(second - 180) | {CLOCK: reading(10.0 * (second - 180))}

    record(tmp_path, 100, anew, start_s=180)
    assert not await fires(plan, tmp_path, 281, anew(281), CLOCK)
    record(tmp_path, 60, anew, start_s=280)
    assert await fires(plan, tmp_path, 341, anew(341), CLOCK)


async def test_windows_wait_for_the_plants_clock_before_they_count_on(
    plan: BoundPlaybook, tmp_path: Path
) -> None:
    record(tmp_path, 180, rises_fast)
    for shown_s, is_due in ((2400.0, True), (100.0, False)):
        view, watch = PlantView.of(plan.conditions, CLOCK), TriggerWatch(plan)
        with closing(restart(view, tmp_path, 181)):
            for second in range(9):
                view.observe({}, NOW_S + second)
            view.observe(rises_fast(190) | {CLOCK: reading(shown_s)}, NOW_S + 9)
            watch.evaluate(view, is_owned=False)
            assert (watch.due is not None) is is_due


# --- as if they had seen it -------------------------------------------------------------------

EXPRESSIONS = [
    "avg(VT-101A.pv, 1 min)", "min(PT-102.pv - PIC-102.sp, 2 min)", "max(VT-101A.pv, 5 min)",
    "rate(PT-102.pv, 4 min)", "stdev(VT-101A.pv, 3 min)", "delta(PT-102.pv, 90 s)",
    "ago(VT-101A.pv, 100 s)", "avg(abs(VT-101A.pv - avg(VT-101A.pv, 1 min)), 2 min)",
]  # fmt: skip
CONDITIONS = [
    "held(P-101A.running, 2 min)", "held(VT-101A.pv < 9 mm/s, 1 min)",
    "held(PT-102.pv > 300 kPa or not P-101A.running, 6 min)",
]  # fmt: skip


def some_plant(seed: int) -> Callable[[int], Readings]:
    random, rows = Random(seed), list[Readings]()
    running = True
    for _ in range(600):
        running = running if random.random() > 0.01 else not running
        status = GOOD if random.random() > 0.02 else BAD
        rows.append({
            VT: reading(random.choice([5.0, 5.0, random.uniform(0.0, 9.2)]), status),
            PT: reading(350.0), "PIC-102.sp": reading(random.choice([340.0, 345.0])),
            "P-101A.running": reading(running),
        })  # fmt: skip
    for _ in range(random.randrange(2)):
        begin = random.randrange(400)
        rows[begin : begin + 30] = [{}] * 30
    return rows.__getitem__


@pytest.mark.parametrize("seed", range(3))
async def test_windows_are_as_if_they_had_seen_it(tmp_path: Path, seed: int) -> None:
    conditions = [parse_condition(each, TAGS, windows=True) for each in CONDITIONS]
    expressions = [parse_expression(each, TAGS, windows=True) for each in EXPRESSIONS]
    seen, recalled = (PlantView.of([*conditions, *expressions], "") for _ in range(2))
    read = some_plant(seed)
    for second in range(600):
        if readings := read(second):
            seen.observe(readings, NOW_S - 600.0 + second)
    record(tmp_path, 599, read)
    with closing(restart(recalled, tmp_path, 600.0)):
        recalled.observe(read(599), NOW_S - 1.0)
    latest = read(599)
    for each in conditions:
        assert each.evaluate(latest, recalled.history) is each.evaluate(latest, seen.history)
    for expression in expressions:
        value, wanted = (expression.value(latest, view.history) for view in (recalled, seen))
        assert value == (wanted if wanted is None else pytest.approx(wanted, rel=1e-6, abs=1e-6))


class _Endless(RecordedHistory):
    """A history that takes for ever to go through."""

    def __init__(self) -> None:
        super().__init__(partial(HistoryReader, Path()), "", 1.0)
        self.is_read = False
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def _scans(self, reaches: Mapping[str, float]) -> Iterator[RecordedScan]:
        assert reaches
        self.is_read = True
        self._loop.call_soon_threadsafe(self.begun.set)
        try:
            while True:
                sleep(0.001)
                yield RecordedScan(level(0), 1.0, 1.0)
        finally:
            self.is_read = False


async def test_to_fill_windows_is_told_if_it_takes_long_and_ends_when_it_must(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    view = PlantView.of([parse_condition(CONDITIONS[1], TAGS, windows=True)], "")
    endless = _Endless()
    recalling = asyncio.create_task(agents.preload(view, endless))
    await endless.begun.wait()
    recalling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recalling
    assert not endless.is_read  # no thread reads what is closed next
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(agents, "_SILENT_S", 0.02)
    monkeypatch.setattr(agents, "_LONGEST_S", 0.05)
    endless = _Endless()
    await agents.preload(view, endless)
    assert not endless.is_read
    assert capsys.readouterr().err == (
        "handwheel: filling windows from recorded values, which may take up to 0.05 s\n"
        "handwheel: filling windows took too long; they end with a gap\n"
    )


async def test_a_window_over_an_age_begins_empty(tmp_path: Path) -> None:
    young = parse_condition("held(age(VT-101A.pv) < 10 s, 1 min)", TAGS, windows=True)
    high = parse_condition("held(VT-101A.pv > 1 mm/s, 1 min)", TAGS, windows=True)
    record(tmp_path, 600, rises)
    view = PlantView.of([young, high], "")
    now = {name: each._replace(received_s=monotonic()) for name, each in rises(600).items()}
    with closing(restart(view, tmp_path, 600)):
        view.observe(now, NOW_S)
    assert [each.evaluate({}, view.history) for each in (young, high)] == [
        Truth.UNKNOWN,
        Truth.TRUE,
    ]


# --- trends -----------------------------------------------------------------------------------


def spikes(second: int) -> Readings:
    if 1000 <= second < 2000:
        return {}
    value = 40.0 if second == 700 else 2.0
    return {VT: reading(value), CLOCK: reading(60.0 * second)}


async def test_a_trend_reaches_back_beyond_the_restart_with_its_spike_and_its_gap(
    tmp_path: Path,
) -> None:
    pace = 60.0
    record(tmp_path, 3600, spikes)
    view = PlantView.of((), CLOCK, (VT,))
    with closing(restart(view, tmp_path, 3600)):
        view.observe(spikes(3600), NOW_S)
        points = await view.trend(VT, 3600.0 * pace, 60)
        assert await view.trend("another", 3600.0, 60) == []
    assert 20 < len(points) <= 60
    assert all(-3600.0 * pace <= at_s <= 0.0 for at_s, _ in points)
    assert points == sorted(points)
    assert {value for _, value in points} == {2.0, 40.0}
    (spike_s,) = (at_s for at_s, value in points if value == 40.0)
    assert spike_s == pytest.approx(-2900.0 * pace, abs=60.0 * pace)
    assert not any(-2500.0 * pace < at_s < -1700.0 * pace for at_s, _ in points)


async def test_without_a_history_a_trend_is_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / HISTORY_FILE).write_bytes(b"no database" * 100)
    view = PlantView.of((), "", (VT,))
    with closing(restart(view, tmp_path, 0.0)):
        view.observe({VT: reading(1.0)}, NOW_S)
        assert await view.trend(VT, 100.0, 60) == [(0.0, 1.0)]


async def test_a_history_that_is_locked_holds_up_nobody_but_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.2)
    record(tmp_path, 100, rises)
    view = PlantView.of((), "", (VT,))
    with (
        closing(restart(view, tmp_path, 100.0)) as past,
        closing(sqlite3.connect(tmp_path / HISTORY_FILE, isolation_level=None)) as other,
    ):
        view.observe({VT: reading(1.0)}, NOW_S)
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        asking = asyncio.create_task(view.trend(VT, 100.0, 60))
        beats = 0
        while not asking.done():
            await asyncio.sleep(0.01)
            beats += 1
        assert beats > 5
        assert await asking == [(0.0, 1.0)]
        other.execute("ROLLBACK")
        assert len(past.trend(VT, 100.0, 60)) > 20
    assert past.trend(VT, 100.0, 60) == []  # closed: whoever is late is told nothing


# --- windows of the diagnosis -----------------------------------------------------------------


def diagnosis() -> ContinuousDiagnosis:
    return ContinuousDiagnosis(Hypotheses(), History(()), more_tags=frozenset({VT}))


@pytest.mark.parametrize("seed", range(2))
async def test_windows_of_the_diagnosis_are_as_if_they_had_seen_it(
    tmp_path: Path, seed: int
) -> None:
    seen, recalled, read = diagnosis(), diagnosis(), some_plant(seed)
    for second in range(600):
        if readings := read(second):
            seen.observe(readings, NOW_S - 600.0 + second)
    record(tmp_path, 599, read)
    view = PlantView.of((), "")
    with closing(restart(view, tmp_path, 600.0, recalled)):
        recalled.observe(read(599), NOW_S - 1.0)
    for statistic in (Windows.mean, Windows.noise, Windows.low, Windows.slope):
        found = [statistic(each.windows, VT, 300.0) for each in (recalled, seen)]
        assert found[1] is not None
        assert found[0] == found[1]


def test_windows_of_the_diagnosis_outlast_an_outage_and_end_with_the_plant(
    site: Site,
) -> None:
    for shown_s, is_kept in ((648.5, True), (20.0, False), (5000.0, False)):
        view, own = PlantView.of((), CLOCK), diagnosis()
        standing = StandingDeviations(site, own)
        for second in range(651):
            now = {VT: reading(2.0), CLOCK: reading(shown_s if second == 650 else float(second))}
            is_lost = 600 <= second < 650  # its clock is guessed meanwhile, and ahead at the end
            view.observe({} if is_lost else now, NOW_S + second)
            standing.observe(view)
        assert bool(own.windows.buckets(VT, 6000.0)) is is_kept, shown_s


def test_moment_is_found_where_the_pace_has_changed(tmp_path: Path) -> None:
    def shown(second: int) -> Readings:
        return {CLOCK: reading(float(min(second, 600) + 10 * max(second - 600, 0)))}

    record(tmp_path, 1200, shown)
    past = RecordedHistory(partial(HistoryReader, tmp_path), CLOCK, 1.0, wall=lambda: T0_S + 1200)
    with closing(past):
        ago = [past.ago_s(T0_S + second) for second in (1100, 600, 100)]
    assert ago == pytest.approx([990.0, 5990.0, 6490.0], abs=20.0)


def test_short_record_with_other_paces_has_one_clock(tmp_path: Path) -> None:
    """The pump starts at 0:11, the pace is 20 from 0:41 to 20:40, and all is asked of an hour."""

    def clock(second: int) -> float:
        return min(second, 41) + 20.0 * min(max(second - 41, 0), 60) + max(second - 101, 0)

    def shown(second: int) -> Readings:
        return {CLOCK: reading(clock(second)), RUNNING: reading(second >= 11)}

    record(tmp_path, 140, shown)
    for end_s in (115.0, 133.0):
        wall = partial(float, T0_S + end_s)
        past = RecordedHistory(partial(HistoryReader, tmp_path), CLOCK, 1.0, wall=wall)
        with closing(past):
            slots = past.slots(RUNNING, 3600.0, 288)
            ago_s = past.ago_s(T0_S + 11)
        begun_s = next(each.before_s for each in slots if each.high)
        assert ago_s == pytest.approx(clock(int(end_s)) - 11.0, abs=4.0)
        assert begun_s == pytest.approx(ago_s, abs=4.0)
