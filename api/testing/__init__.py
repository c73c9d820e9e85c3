"""Scripted models and simulated sites, to try agents and programs with.

Each name is loaded when it is first used, since only a scripted model needs LangChain.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .function_model import FunctionModel
    from .running_site import RunningSite

__all__ = ["FunctionModel", "RunningSite"]

_HOMES = {"FunctionModel": "function_model", "RunningSite": "running_site"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
