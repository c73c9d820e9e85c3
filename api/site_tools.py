"""Tools of a site, those that every site has and those that its file names."""

from collections.abc import Iterable

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model import site as site_files
from handwheel.tools.toolset.installed import load_tools
from handwheel.tools.toolset.tool import Tool
from handwheel.tools.toolset.toolset import Toolset

from .shipped_tools import SHIPPED


def site_tools(files: site_files.Site, more: Iterable[Tool] = ()) -> tuple[Toolset, list[Problem]]:
    """Returns the tools of a site, and the problems of those that cannot be used.

    A tool of another package that has the name of one before it is left out.

    Args:
        more: Tools of the program itself.

    Raises:
        ConfigError: A tool of the program itself has the name of another one.

    Effect: runs the code of the packages that `site.yaml` names. Retry: no. Timeout: none.
    """
    installed, problems = load_tools(files)
    found = Toolset(SHIPPED)
    for each in installed:
        try:
            found = Toolset([*found, each])
        except ConfigError as error:
            problems += error.problems
    return Toolset([*found, *more]), problems
