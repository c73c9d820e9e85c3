from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import Episode, Truth, draw_episode
from handwheel.evaluation.benchmark.judge import Diagnosed, judge, judged
from handwheel.evaluation.benchmark.play import Course, Finding, Played, WeighedFault
from handwheel.evaluation.benchmark.results import Outcome, Result, Times
from handwheel.evaluation.benchmark.run_suites import watched
from handwheel.evaluation.benchmark.suite import CaseSpec, GoalSpec, Suite, load_suite
from handwheel.evaluation.benchmark.summary import Share, meets, summary
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.scenario import FaultEvent, bind_event

WATCH, PAIRS = load_suite("watch"), load_suite("pairs")
ONE = Truth(frozenset({"a"}))
PAIR = Truth(frozenset({"a"}), abstain=frozenset({"a", "b"}))
ALSO = Truth(frozenset({"a"}), also=frozenset({"b"}))
DECOY = Truth(frozenset())
TWO = Truth(frozenset({"a", "b"}), abstain=frozenset({"b", "c"}))


def _course(*said: str) -> list[Finding]:
    """Findings, each written as `name+name?suspect+suspect`; empty is normal."""
    return [_finding(float(n), text) for n, text in enumerate(said)]


def _finding(at_s: float, text: str) -> Finding:
    named, suspects = ([*filter(None, ids.split("+"))] for ids in f"{text}?".split("?")[:2])
    verdict = "named" if named else "abstain" if suspects else "normal"
    return Finding(at_s, verdict, tuple(named), tuple(suspects))


@pytest.mark.parametrize(
    ("truth", "said", "outcome", "wrong"),
    [
        (ONE, ["", "?a+b", "a"], "right", ()),
        (ONE, ["", "a", "a+c"], "wrong", ("c",)),
        (ONE, ["b", "", "a"], "wrong", ("b",)),
        (ONE, ["", "a", "?a+b"], "abstained", ()),
        (ONE, ["", "a", ""], "missed", ()),
        (ONE, [], "missed", ()),
        (PAIR, ["", "?b+a"], "rightly abstained", ()),
        (PAIR, ["", "?a"], "abstained", ()),
        (PAIR, ["", "?a+b+c"], "abstained", ()),
        (PAIR, ["", "b"], "wrong", ("b",)),
        (ALSO, ["", "b", "b+a"], "right", ()),
        (ALSO, ["", "b"], "missed", ()),
        (TWO, ["a", "a+b"], "right", ()),
        (TWO, ["", "b"], "one of two", ()),
        (TWO, ["a+b", "?a"], "abstained", ()),
        (TWO, ["", "a+b+c"], "wrong", ("c",)),
        (TWO, ["", "a?b+c"], "rightly abstained", ()),
        (TWO, ["", "?b+c"], "abstained", ()),  # a could be told
        (DECOY, ["", "?a"], "right", ()),
        (DECOY, ["", "a", ""], "wrong", ("a",)),
    ],
)
def test_judged_by_the_truth_gives_the_outcome(
    truth: Truth, said: Sequence[str], outcome: str, wrong: tuple[str, ...]
) -> None:
    episode = Episode("watch", "p", "F", 1, (), truth, 0.0, 100.0)
    assert judged(_course(*said), episode) == (outcome, wrong)


@pytest.mark.parametrize(
    ("at_s", "named", "wrong"),
    [
        (99.0, "exchanger-fouled", ("exchanger-fouled before it began",)),
        (100.0, "exchanger-fouled", ()),
        (399.0, "exchanger-fouled+pump-tripped P-101A", ("pump-tripped P-101A before it began",)),
        (400.0, "exchanger-fouled+pump-tripped P-101A", ()),
    ],
)
def test_a_name_before_its_fault_has_begun_is_wrong(
    at_s: float, named: str, wrong: tuple[str, ...]
) -> None:
    drawn = draw_episode(PAIRS, "F03-F10", 1)
    events = (FaultEvent("F03", 100.0), FaultEvent("F10", 400.0))
    episode = replace(drawn, events=events, onset_s=100.0, lasts_s=900.0)
    last = _finding(800.0, "exchanger-fouled+pump-tripped P-101A")
    found = judge(episode, Played([_finding(at_s, named), last], ended_s=1000.0))
    assert (found.outcome, found.wrong) == ("wrong" if wrong else "right", wrong)
    assert found.instead == f"wrong, {', '.join(wrong)}" or not wrong


def test_an_episode_that_ends_before_an_alarm_is_judged_before_it() -> None:
    episode = Episode("watch", "p", "F", 1, (), ONE, 10.0, 100.0, alarm="X", before_s=20.0)
    findings = [_finding(30.0, "a"), _finding(60.0, "c")]
    early = judge(episode, Played(findings, {"X": 70.0}, ended_s=71.0))
    late = judge(episode, Played(findings, {"Y": 70.0}, ended_s=110.0))
    assert (early.outcome, early.times, early.judged_s) == ("right", Times(None, 20, 60), 40)
    assert (late.outcome, late.wrong, late.judged_s) == ("wrong", ("c",), 100)


def test_what_is_weighed_before_a_later_fault_begins_is_left_out() -> None:
    events = (FaultEvent("F02", 100.0), FaultEvent("F07", 400.0))
    episode = Episode("pairs", "p", "F02-F07", 1, events, TWO, 100.0, 900.0)
    weighed = [WeighedFault(each, "a", 20.0, 9.0) for each in (40.0, 160.0, 700.0)]
    found = judge(episode, Played(weighed=weighed, ended_s=1000.0))
    assert [each.at_s for each in found.weighed] == [40.0, 700.0]


@pytest.mark.parametrize("suite", [WATCH, PAIRS], ids=["watch", "pairs"])
def test_an_episode_is_drawn_within_its_ranges_and_fits_the_plant(suite: Suite) -> None:
    plant = create_plant(suite.file.plant)
    for case, spec in suite.file.cases.items():
        first, other, again = (draw_episode(suite, case, seed) for seed in (1, 2, 1))
        assert first == again
        assert first.onset_s != other.onset_s
        for each in (first, other):
            assert 1200.0 <= each.onset_s <= 1800.0
            for event in each.events:
                bind_event(plant, event)  # raises errors of what the plant does not have
                earliest_s, latest_s = spec.later.get(event.fault, (0.0, 0.0))
                assert earliest_s <= event.at_s - each.onset_s <= latest_s
                for name, size in spec.faults[event.fault].items():
                    low, high = size if isinstance(size, tuple) else (size, size)
                    assert low <= event.parameters[name] <= high  # type: ignore[operator]


def test_a_plugged_strainer_is_confirmed_after_its_onset(tmp_path: Path) -> None:
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site, hypotheses = watched(load_site(tmp_path / "site"), WATCH)
    known = {each.id for each in hypotheses.every}
    cases = [*WATCH.file.cases.values(), *PAIRS.file.cases.values()]
    assert {name for each in cases for name in _names(each)} <= known
    drawn = draw_episode(WATCH, "F02", 1)
    events = tuple(FaultEvent(each.fault, 120.0, each.parameters) for each in drawn.events)
    episode = replace(drawn, events=events, onset_s=120.0, lasts_s=180.0)
    played = Course(episode, site, hypotheses).play()
    sound = Course(replace(episode, events=(), case=""), site, hypotheses)
    while sound.played.ended_s < 30.0:
        sound.scan()
    shares = [sound.of(episode).play() for _ in range(2)]  # what has been before the fault
    assert shares == [played, played]
    result = judge(episode, played)
    assert (result.outcome, result.last.names) == ("right", ("strainer-plugged",))
    assert result.times.symptom_s is not None
    assert result.times.answered_s is not None
    assert 0.0 <= result.times.symptom_s <= 20.0 < 40.0 <= result.times.answered_s <= 180.0
    assert {each.at_s for each in result.weighed} <= {60.0, 180.0, 300.0}
    last = next(each for each in reversed(result.weighed) if each.hypothesis == "strainer-plugged")
    assert last.total_db >= last.ahead_db >= 7.0


def _names(case: CaseSpec) -> set[str]:
    return {*case.expect, *case.also, *case.abstain}


def test_summary_counts_shares_with_their_intervals() -> None:
    results = [_result("A", seed, "right") for seed in range(10)]
    results += [
        _result("B", seed, "wrong" if seed == 7 else "rightly abstained") for seed in range(10)
    ]
    found = summary(results)
    assert (found.right.count, found.wrong.count) == (19, 1)
    assert found.all_five == Share(3, 4)
    assert found.wrong_names == {"b": 1}
    assert (found.answered_s, found.alarm_s) == (60.0, None)
    # Newcombe, Stat. Med. 17 (1998) 857, table I, method 3
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert meets(found, GoalSpec(right=0.95, wrong=0.05))
    assert not meets(found, GoalSpec(right=0.95, wrong=0.01))
    assert not meets(found, GoalSpec(right=0.96, wrong=0.05))
    failed = summary([*results, replace(results[0], program_failed="exit code 1")])
    assert not meets(failed, GoalSpec(right=0.0, wrong=1.0))


def _result(case: str, seed: int, outcome: Outcome) -> Result:
    episode = Episode("watch", "p", case, seed, (), ONE, 0.0, 1.0)
    times = Times(1.0, 60.0, 5.0 if seed < 5 else None)
    wrong = ("b",) if outcome == "wrong" else ()
    return Diagnosed(episode, outcome, wrong, times, 0.0, Played(), _finding(0.0, ""), (), 1.0)
