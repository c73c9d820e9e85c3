"""The installed plants as environments, by gymnasium's own checker."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from handwheel.gym import Approval, PlantEnv, Proposal, environment_ids

pytestmark = pytest.mark.filterwarnings("ignore:.*WARN.*:UserWarning")


def _bytes(observation: dict[str, Any]) -> bytes:
    return b"".join(observation[each].tobytes() for each in ("values", "quality"))


def test_every_installed_plant_has_an_id() -> None:
    assert environment_ids() == {
        "cw-100": "Handwheel/CW100-v0", "cstr": "Handwheel/CSTR-v0",
        "quadtank": "Handwheel/QuadTank-v0", "tep": "Handwheel/TEP-v0",
    }  # fmt: skip


@pytest.mark.parametrize("model", ["cstr", "cw-100", "quadtank", "tep"])
def test_environment_passes_the_checker_of_gymnasium(model: str) -> None:
    env = gymnasium.make(environment_ids()[model])
    check_env(env.unwrapped, skip_render_check=True)


def test_same_seed_and_actions_give_the_same_bytes() -> None:
    courses: list[list[bytes]] = []
    for seed in (7, 7, 8):
        env = PlantEnv("cw-100", "F03@1min", step="30 s")
        observation, _ = env.reset(seed=seed)
        courses.append([_bytes(observation), *(_bytes(env.step(env.held())[0]) for _ in range(6))])
    assert courses[0] == courses[1] != courses[2]


def test_fault_is_hidden_and_costs() -> None:
    env = PlantEnv("cw-100", "F02@1min,plug=28", step="2 min", horizon="20 min")
    env.reset(seed=1)
    seen = [env.step(env.held()) for _ in range(10)]
    infos = [each[4] for each in seen]
    assert all("fault" not in each for each in infos)
    assert sum(each["cost"] for each in infos) > 0.0
    assert [each[1] for each in seen] == [-each["cost"] for each in infos]
    assert seen[-1][3] or seen[-1][2]
    shown = PlantEnv("cw-100", "F02@1min,plug=28", step="2 min", show_fault=True)
    shown.reset(seed=1)
    assert shown.step(shown.held())[4]["fault"] == "F02"


def test_write_beyond_its_state_is_told_as_rejected() -> None:
    env = PlantEnv("cw-100")
    env.reset(seed=1)
    action = env.held()
    names = [each.name for each in env.inputs]
    action[names.index("PIC-102.op")] = 3.0  # in automatic
    assert "PIC-102.op" in env.step(action)[4]["rejected"]


def test_action_of_a_wrong_length_or_number_is_refused() -> None:
    env = PlantEnv("cw-100")
    env.reset(seed=1)
    held = env.held()
    for wrong in (held[:-1], held * float("nan")):
        with pytest.raises(ValueError, match="finite numbers, one for each input"):
            env.step(wrong)
    assert (env.held() == held).all()


def test_step_without_time_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 0 s"):
        PlantEnv("cw-100", step="0 s")


@pytest.mark.parametrize(("answer", "written"), [(True, 45.0), (False, 40.0)])
def test_change_waits_for_a_person(answer: bool, written: float) -> None:
    asked: list[Proposal] = []

    def decides(proposal: Proposal) -> bool:
        asked.append(proposal)
        return answer

    env = PlantEnv("cw-100", step="30 s", noise=False)
    careful = Approval(env, decides, after="1 min")
    careful.reset(seed=1)
    action = env.held()
    number = [each.name for each in env.inputs].index("FIC-201.sp")
    action[number] = 45.0
    infos = [careful.step(action)[4] for _ in range(3)]
    assert [each["waiting"] for each in infos] == [True, True, False]
    assert [each["decided"] for each in infos] == [None, None, answer]
    assert asked == [Proposal({"FIC-201.sp": 45.0}, 0.0)]
    assert env.plant.measurements()["FIC-201.sp"] == written
    assert np.allclose(env.held()[number], written)
