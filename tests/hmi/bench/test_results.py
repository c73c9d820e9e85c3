import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.holding.hold_result import HoldCounts, HoldResult
from handwheel.evaluation.benchmark.judge import Diagnosed
from handwheel.evaluation.benchmark.play import Finding, Played
from handwheel.evaluation.benchmark.responding.acted import Acted, ModelUse
from handwheel.evaluation.benchmark.responding.judge_response import Responded
from handwheel.evaluation.benchmark.responding.undisturbed import Harm, Undisturbed
from handwheel.evaluation.benchmark.results import Outcome, Times
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.hmi.bench.plot import draw_times
from handwheel.hmi.bench.results import result_fields
from handwheel.hmi.bench.table import lines

WATCH, RESPOND = load_suite("watch"), load_suite("respond")


def _result(case: str, seed: int, outcome: Outcome, last: Finding, wrong: str = "") -> Diagnosed:
    played = Played([last], {"XA-1": 1300.0}, {}, 10.0, 1500.0, 0.5)
    times = Times(6.0, 90.0 if outcome == "right" else None, 59.0)
    names = (wrong,) if wrong else ()
    episode = draw_episode(WATCH, case, seed)
    return Diagnosed(episode, outcome, names, times, played.cpu_s, played, last, (), 60.0)


RESULTS = [
    _result("F02", 1, "right", Finding(9.0, "named", ("strainer-plugged",), ())),
    _result("F02", 2, "abstained", Finding(9.0, "abstain", (), ("strainer-plugged", "x"))),
    _result("F03", 1, "missed", Finding(9.0, "normal", (), ())),
    _result("F03", 2, "missed", Finding(9.0, "normal", (), ())),
    _result("D01", 1, "wrong", Finding(9.0, "named", ("basin-leaks",), ()), "basin-leaks"),
]


def test_the_table_has_a_row_for_each_case_and_says_what_was_not_right() -> None:
    assert [*lines(WATCH, RESULTS, 5)] == [
        "case  n  right  95 % interval  pass^5  wrong  symptom  named  alarm",
        "F02   2    50%      9% to 91%       -      -      0.1      -    1.0",
        "F03   2     0%      0% to 66%       -      -      0.1      -    1.0",
        "D01   1     0%      0% to 79%       -      1      0.1      -    1.0",
        "all   5    20%      4% to 62%       -      1      0.1      -    1.0",
        "symptom, named, alarm: median minutes after the onset",
        "D01: wrong, basin-leaks (seed 1)",
        "F02: abstained, suspected strainer-plugged, x (seed 2)",
        "F03: missed (seeds 1, 2)",
        "goals missed: right 20.0% (at least 95%), wrong 20.0% (at most 1%)",
        "5 episodes took 2.5 s of CPU time",
    ]


def test_a_run_that_is_not_whole_meets_no_goal() -> None:
    part = RESULTS[:1]
    assert "not whole, 1 of 5 episodes: right 100.0% (at least 95%)" in [*lines(WATCH, part, 5)][4]
    told = result_fields(WATCH, part, 5)
    assert (told["is_whole"], told["is_met"]) == (False, False)
    assert result_fields(WATCH, part, 1)["is_met"]


@pytest.mark.parametrize("cases", [("liar", "random"), ("hostile-text", "killed", "free")])
def test_the_table_of_hold_fits_a_terminal(cases: Sequence[str]) -> None:
    suite, times = load_suite("hold"), Times(None, None, None)
    counts = HoldCounts(*range(100_001, 100_014))
    results = [
        HoldResult(draw_episode(suite, each, 1), "right", (), times, 0.1, counts, {})
        for each in cases
    ]
    table = [each for each in lines(suite, results, len(cases)) if ";" not in each]
    assert max(map(len, table[:-2])) <= 80
    shown = set(" ".join(table).split())
    only_of_others = (100_004,) if "free" in cases else range(100_010, 100_014)
    assert {*map(str, range(100_001, 100_014))} - shown == {*map(str, only_of_others)}


def _responded(case: str, seed: int, models: ModelUse | None) -> Responded:
    harm, episode = Harm(False, 0.0), draw_episode(RESPOND, case, seed)
    acted = Acted(harm, Undisturbed(harm, None), models=models)
    return Responded(episode, "right", (), Times(None, None, None), 0.1, acted, (), ())


def test_the_table_of_agents_with_models_has_their_tokens_and_cost() -> None:
    uses = [ModelUse(1000, 90, {"EUR": 0.5, "USD": 0.25}), ModelUse(501, 10, {"EUR": 0.25})]
    results = [_responded("F02", seed, each) for seed, each in enumerate(uses, 1)]
    shown = [*lines(RESPOND, [*results, _responded("F03", 1, ModelUse())], 3)]
    rows = {each.split("  ")[0]: each for each in shown[shown.index("") :]}
    assert rows["case"].endswith("kept    tokens")
    assert [rows[each][-9:].strip() for each in ("F02", "F03", "all")] == [
        "750 + 50", "0 + 0", "500 + 33",
    ]  # fmt: skip
    assert "the models took 1501 + 100 tokens, 0.7500 EUR, 0.2500 USD" in shown
    told = result_fields(RESPOND, results, 2)
    assert told["total"]["models"]["prompt_tokens"] == 1501
    assert told["episodes"][1]["models"]["cost"] == {"EUR": 0.25}
    assert "tokens" not in "".join(lines(RESPOND, [_responded("F02", 1, None)], 1))


def test_results_as_json_and_png_have_every_episode(tmp_path: Path) -> None:
    told = json.loads(json.dumps(result_fields(WATCH, RESULTS, 5)))
    assert told["suite_sha256"] == WATCH.sha256
    assert not told["is_met"]
    assert told["cases"]["F02"]["outcomes"] == {"right": 1, "abstained": 1}
    assert [each["case"] for each in told["episodes"]] == ["F02", "F02", "F03", "F03", "D01"]
    draw_times(tmp_path / "a.png", WATCH, RESULTS)
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.width == 1600
