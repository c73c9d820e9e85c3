"""Ids under which gymnasium finds the installed plants."""

import gymnasium

from handwheel.evaluation.plants.installed_plants import plant_names

_NAMESPACE = "Handwheel"
_WORDS = {"cw-100": "CW100", "cstr": "CSTR", "quadtank": "QuadTank", "tep": "TEP"}


def environment_ids() -> dict[str, str]:
    """Returns the id of each installed plant's environment, by the plant's name."""
    return {name: f"{_NAMESPACE}/{_word(name)}-v0" for name in plant_names()}


def _word(name: str) -> str:
    """Returns a plant's name as a part of an id, which has no hyphen."""
    return _WORDS.get(name) or name.title().replace("-", "").replace("_", "")


def register_plants() -> None:
    """Registers every installed plant that is not registered yet."""
    for name, environment_id in environment_ids().items():
        if environment_id not in gymnasium.registry:
            entry = "handwheel.gym.plant_env:PlantEnv"
            gymnasium.register(environment_id, entry_point=entry, kwargs={"model": name})
