import json
import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pytest

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName
from handwheel.evaluation.benchmark.episodes import Episode
from handwheel.evaluation.benchmark.judge import judge
from handwheel.evaluation.benchmark.play import Played
from handwheel.evaluation.benchmark.results import Result
from handwheel.hmi.bench import command, play_suites

from ...command_line import handwheel
from ..command_processes import in_terminal

_MAIN = "from handwheel.hmi.__main__ import main; main()"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seeds", "5-1"], "--seeds: '5-1': write at most 1000 seeds as A-B"),
        (["--seeds", "x"], "--seeds: 'x': write at most 1000 seeds as A-B"),
        (["--fault", "F02"], "--fault: needs one suite, such as --suite watch"),
        (["--png", "times.png"], "--png: needs one suite, such as --suite watch"),
        (["--suite", "hold", "--fault", "free"], "hold has no 'free' for our agents; known: liar"),
        (["--suite", "watch", "--fault", "F99"], "--fault: watch has no 'F99'; known: F01, F02"),
        (
            ["--agent", "random"],
            "--agent: the agents of watch, mismatch, pairs, hold cannot be exchanged for random",
        ),
        (["--agent", "gpt"], "--agent: there is no agent 'gpt'; known: handwheel, none"),
        (["--agent", "mcp:"], "--agent: a command is missing"),
        (["--agent", "mcp:no-such-program x"], "--agent: there is no program 'no-such-program'"),
        (["--suite", "renamed"], "only programs of others play renamed"),
        (["--limit", "0 s"], "--limit: '0 s' must be at least 1 s"),
        (["--suite", "hold", "--png", "times.png"], "--png: hold has no times to draw"),
        (["--suite", "other"], "'other' is not"),
        (["--json", "/no/such/results.json"], "--json: /no/such/results.json cannot be written"),
    ],
)
def test_bench_agents_with_a_wrong_option_says_so_before_any_episode(
    options: list[str], said: str
) -> None:
    done = handwheel("bench", "agents", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_bench_agents_without_a_suite_plays_all_of_them_with_the_seeds_of_their_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played: list[Episode] = []

    def run(
        roots: Mapping[str, Path],
        episodes: Sequence[Episode],
        jobs: int,
        agent: AgentName,
        limit_s: float,
    ) -> Generator[Result]:
        assert all((root / "site.yaml").is_file() for root in roots.values())
        for each in episodes:
            played.append(each)
            if each.suite != "hold":
                yield judge(each, Played())

    monkeypatch.setattr(play_suites, "run_suites", run)
    with pytest.raises(SystemExit) as ended:  # since nothing is found
        command.agents(result=tmp_path / "all.json", jobs=1)
    assert ended.value.code == 1
    seeds = {each.suite: each.seed for each in played}  # the last of each
    assert seeds == {
        "watch": 5, "respond": 5, "mismatch": 5, "pairs": 5, "tep": 1, "hold": 10,
    }  # fmt: skip
    told = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert [each["suite"] for each in told["suites"]] == [*seeds]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_bench_agents_interrupted_shows_what_was_played(jobs: str) -> None:
    words = ("--suite", "watch", "--fault", "F10", "--seeds", "1-99", "--jobs", jobs)
    with in_terminal("-c", _MAIN, "bench", "agents", *words) as terminal:
        terminal.read_until_match(r"watch (?!1 )\d+ of 99: F10, seed \d+ for")  # each is not drawn
        terminal.type("\x03")
        assert terminal.exit_code() == 130
    assert (found := re.search(r"not whole, (\d+) of 99 episodes: right 100", terminal.written))
    assert re.search(rf"all +{found[1]} ", terminal.written)
    assert "Traceback" not in terminal.written


def test_bench_connect_without_an_episode_says_what_starts_one() -> None:
    done = handwheel("bench", "connect")
    assert (done.returncode, done.stdout) == (2, "")
    assert "HANDWHEEL_EPISODE_URL is not set" in done.stderr
    assert "next: handwheel bench agents --agent mcp:COMMAND" in done.stderr


def test_bench_connect_where_nothing_answers_exits_as_its_help_says() -> None:
    done = handwheel("bench", "connect", env={"HANDWHEEL_EPISODE_URL": "http://127.0.0.1:1/mcp"})
    told = " ".join(handwheel("bench", "connect", "--help").stdout.split())
    assert f"{done.returncode} nothing answers" in told


def test_bench_agents_with_a_program_tells_its_command_and_failure(tmp_path: Path) -> None:
    words = ("--suite", "watch", "--fault", "F10", "--seeds", "1-2", "--jobs", "2")
    agent = "mcp:sh -c 'echo no model >&2; exit 3'"
    file = tmp_path / "results.json"
    done = handwheel("bench", "agents", *words, "--agent", agent, "--json", str(file))
    assert done.returncode == 1
    assert "F10: the program raised ProgramFailed: exit code 3: no model (seeds 1, 2)" in (
        " ".join(done.stdout.split())
    )
    told = json.loads(file.read_text("utf-8"))
    assert (told["agent"], told["agent_is_verified"]) == (agent, False)
    assert told["episodes"][0]["program_failed"].endswith("exit code 3: no model")
