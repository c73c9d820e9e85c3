"""Tools of other packages that a site names."""

from collections.abc import Sequence
from typing import Any

from handwheel.connectors.config.plug_ins import PlugIns, UnusablePlugIn, WrongPlugIn
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from .tool import Tool
from .toolset import Toolset

GROUP = "handwheel.tools"
"""Group of entry points, each a `Tool` or a `Toolset`."""
_PLUG_INS = PlugIns(GROUP, "tool")


def load_tools(site: Site) -> tuple[list[Tool], list[Problem]]:
    """Returns the tools that the key `tools` of a site names, and the problems of the others.

    An entry point that cannot be used costs only its own tools. Its problem has the place in the
    site's file, or that of the function that is no tool.

    Effect: runs the code of the packages that are named. Retry: no. Timeout: none.
    """
    found: list[Tool] = []
    problems: list[Problem] = []
    for number, name in enumerate(site.tools):
        try:
            found += _PLUG_INS.load(name, _tools)
        except ConfigError as error:
            problems += error.problems
        except UnusablePlugIn as error:
            document = read_document(site.root / SITE_FILE)
            problems.append(document.problem(("tools", number), str(error)))
    return found, problems


def _tools(found: Any) -> Sequence[Tool]:
    if isinstance(found, Tool):
        return [found]
    if isinstance(found, Toolset):
        return list(found)
    raise WrongPlugIn(f"is a {type(found).__name__}, not a Tool or a Toolset")
