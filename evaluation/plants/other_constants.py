"""Simulated plants whose constants differ from those of their data sheets."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from handwheel.sim_plant.errors import ScenarioError

from .installed_plants import create_plant


@contextmanager
def scaled_constants(model: str, factors: Mapping[str, float]) -> Generator[None]:
    """Multiplies constants of a model by factors, for all its plants of this process.

    A model reads its constants from a module at each step, so that it is as fast as before. What
    was computed from them at the import, such as the site of the plant, keeps the data sheets.

    Raises:
        ScenarioError: The model has no such constant.
    """
    constants = create_plant(model).constants
    before: dict[str, object] = {name: getattr(constants, name, None) for name in factors}
    known = {name: value for name, value in before.items() if isinstance(value, float)}
    if unknown := [name for name in factors if name not in known]:
        raise ScenarioError(f"{model} has no constant {', '.join(unknown)}")
    try:
        for name, factor in factors.items():
            setattr(constants, name, known[name] * factor)
        yield
    finally:
        for name, value in known.items():
            setattr(constants, name, value)
