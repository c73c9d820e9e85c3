import pytest

from ...command_line import handwheel


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seeds", "5-1"], "--seeds: '5-1': write at most 1000 seeds as A-B"),
        (["--seeds", "x"], "--seeds: 'x': write at most 1000 seeds as A-B"),
        (["--fault", "F99"], "--fault: watch has no 'F99'; known: F01, F02"),
        (["--agent", "random"], "--agent: the agents of watch cannot be exchanged"),
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
