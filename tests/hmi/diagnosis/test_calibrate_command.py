import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from handwheel.agents.memory.episode import CaseDiagnosis, Episode, RaisedOrder, RankedHypothesis
from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.judge import NOTHING, Diagnosed
from handwheel.evaluation.benchmark.play import Played, WeighedFault
from handwheel.evaluation.benchmark.results import Times
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.hmi.bench.results import result_fields
from handwheel.hmi.diagnosis.reliability_text import predictions_of

from ...command_line import handwheel

WATCH = load_suite("watch")


def _results(seeds: int = 20) -> dict[str, Any]:
    """Results in which a fouled exchanger is called equally probable as a plugged strainer."""
    return result_fields(WATCH, [_result(seed) for seed in range(seeds)], seeds)


def _result(seed: int) -> Diagnosed:
    episode = draw_episode(WATCH, "F03", seed)
    weighed = [
        WeighedFault(episode.onset_s + at_s, name, total_db, ahead_db)
        for at_s in (-60.0, 60.0)
        for name, total_db, ahead_db in (
            ("exchanger-fouled", 20.0, 0.0), ("strainer-plugged", 20.0, 0.0),
            ("basin-leaks", -10.0, -10.0),
        )
    ]  # fmt: skip
    played = Played(weighed=weighed)
    return Diagnosed(episode, "right", (), Times(0, 0, 0), 0.0, played, NOTHING, (), 3600.0)


def _file(path: Path, fields: dict[str, Any]) -> str:
    path.write_text(json.dumps(fields), "utf-8")
    return str(path)


def test_calibrate_from_results_shows_bins_scores_and_offsets(tmp_path: Path) -> None:
    file, png = _file(tmp_path / "a.json", _results()), tmp_path / "a.png"
    done = handwheel("diagnose", "calibrate", file, "--png", str(png))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == [
        " odds, dB  said  true        95 %   n  cases  0 %             100 %",
        "-10 to -5    9%    0%   0% to 16%  40     20  ●─┼─",
        "  -5 to 0   50%   25%  11% to 47%  80     20    ───●────│",
    ]
    assert "strainer-plugged  40     20   50%    0%  -15 ± 5  over-confident" in done.stdout
    assert Image.open(BytesIO(png.read_bytes())).width > 0
    told = json.loads(handwheel("diagnose", "calibrate", file, "--json").stdout)
    assert (told["n"], told["cases"]) == (120, 20)
    respond = {**_results(), "suite": "respond"}  # which has no probabilities
    every = {"schema": "benchmark-results/1", "suites": [respond, _results()]}
    of_all = handwheel("diagnose", "calibrate", _file(tmp_path / "all.json", every), "--json")
    assert json.loads(of_all.stdout) == told
    assert [each["judgement"] for each in told["modes"]] == ["fits", "fits", "over-confident"]


def test_calibrate_from_wrong_files_tells_every_problem(tmp_path: Path) -> None:
    good = _results()
    files = [
        _file(tmp_path / "version.json", {**good, "versions": {"handwheel": "0.0.1"}}),
        _file(tmp_path / "suite.json", {**good, "suite_sha256": "0", "failure_modes_sha256": "0"}),
        _file(tmp_path / "respond.json", {**good, "suite": "respond"}),
        _file(tmp_path / "schema.json", {**good, "schema": "other"}),
        _file(tmp_path / "all.json", {"schema": "benchmark-results/1", "suites": [
            {**good, "suite_sha256": "0"}, {**good, "suite": "Watch"},
        ]}),
        _file(tmp_path / "twice.json", good), _file(tmp_path / "again.json", good),
        str(tmp_path / "missing.json"),
    ]  # fmt: skip
    (tmp_path / "text.json").write_text('{"a":\n 1,,}', "utf-8")
    done = handwheel("diagnose", "calibrate", *files, str(tmp_path / "text.json"))
    assert (done.returncode, done.stdout) == (2, "")
    told = done.stderr.replace(f"{tmp_path}/", "")
    for said in (
        "version.json: versions.handwheel: is 0.0.1, installed is ",
        "suite.json: suite_sha256: is of another file of the suite; make it again by "
        "'handwheel bench agents --suite watch --json FILE'",
        "suite.json: failure_modes_sha256: its weights are not those of package:cw now",
        "respond.json: suite: 'respond' has no probabilities; suites that have: watch",
        "schema.json: schema: input should be 'benchmark-results/1'",
        "all.json: suites.0.suite_sha256: is of another file",
        "all.json: suites.1.suite: 'Watch' has no probabilities",
        "again.json: episodes: watch F03, seed 0 is in twice.json as well",
        "missing.json: no such file or directory",
        "text.json:2:4: is no JSON: ",
    ):
        assert said in told


def test_calibrate_with_too_few_cases_says_how_many(tmp_path: Path) -> None:
    done = handwheel("diagnose", "calibrate", _file(tmp_path / "a.json", _results(19)))
    assert (done.returncode, done.stdout) == (1, "")
    assert "too few episodes: 19, at least 20 are needed" in done.stderr


def _episode(found: str) -> Episode:
    hypotheses = (
        RankedHypothesis("bearing-worn P-101A", "", "", 12.0, -10.0, 1.0, (), 5.0),
        RankedHypothesis("impeller-worn P-101A", "", "", 7.0, -10.0, 1.0, (), -5.0),
        RankedHypothesis("basin-leaks", "", "", -25.0, -10.0, 1.0, (), -25.0),
    )
    diagnosis = CaseDiagnosis("abstain", (), (), hypotheses)
    order = RaisedOrder("W-1", "", "P-101A", "", "closed", "", found)
    return Episode("C-1", "o", "c", "over", "", (), (), (), "", diagnosis, (), (order,))


@pytest.mark.parametrize(
    ("found", "true"),
    [("bearing-worn", [True, False]), ("impeller-worn P-101A", [False, True]),
     ("nothing", [False, False]), ("", [])],
)  # fmt: skip
def test_a_closed_case_is_true_by_what_its_work_order_has_found(
    found: str, true: list[bool]
) -> None:
    assert [each.is_true for each in predictions_of(_episode(found))] == true
    assert not [*predictions_of(replace(_episode(found), closed_at=""))]
