"""Names with which a program reads a plant, proposes writes and follows what people decide.

The names are loaded when they are first used, so that the import costs nothing. No name decides:
an approval is signed by a person in the terminal.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handwheel.agents.diagnosis.diagnoser import diagnoser
    from handwheel.agents.diagnosis.evidence import Evidence
    from handwheel.agents.diagnosis.windows import Windows
    from handwheel.agents.lookahead.twin import Course, Estimate, Move, Twin
    from handwheel.agents.planning.planner import Plan, Planner, PlanningCase
    from handwheel.connectors.errors import HandwheelError
    from handwheel.tools.toolset.definition import tool
    from handwheel.tools.toolset.effect import Effect, RetrySafety
    from handwheel.tools.toolset.toolset import Toolset
    from handwheel.tools.toolset.unit import Unit

    from .case import OpenCase, RankedHypothesis
    from .reading import Reading
    from .request import Outcome, Request
    from .site import Site
    from .window import Window

__all__ = [
    "Course",
    "Effect",
    "Estimate",
    "Evidence",
    "HandwheelError",
    "Move",
    "OpenCase",
    "Outcome",
    "Plan",
    "Planner",
    "PlanningCase",
    "RankedHypothesis",
    "Reading",
    "Request",
    "RetrySafety",
    "Site",
    "Toolset",
    "Twin",
    "Unit",
    "Window",
    "Windows",
    "diagnoser",
    "tool",
]

_HOMES = {
    "Course": "agents.lookahead.twin",
    "Effect": "tools.toolset.effect",
    "Estimate": "agents.lookahead.twin",
    "Evidence": "agents.diagnosis.evidence",
    "HandwheelError": "connectors.errors",
    "Move": "agents.lookahead.twin",
    "OpenCase": "case",
    "Outcome": "request",
    "Plan": "agents.planning.planner",
    "Planner": "agents.planning.planner",
    "PlanningCase": "agents.planning.planner",
    "RankedHypothesis": "case",
    "Reading": "reading",
    "Request": "request",
    "RetrySafety": "tools.toolset.effect",
    "Site": "site",
    "Toolset": "tools.toolset.toolset",
    "Twin": "agents.lookahead.twin",
    "Unit": "tools.toolset.unit",
    "Window": "window",
    "Windows": "agents.diagnosis.windows",
    "diagnoser": "agents.diagnosis.diagnoser",
    "tool": "tools.toolset.definition",
}
"""Module of each name."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
