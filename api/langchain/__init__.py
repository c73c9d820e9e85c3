"""Tools of a site for LangChain and LangGraph agents.

LangChain is imported with this package and with `handwheel.testing` only.
"""

from .follow import Result, follow
from .tools import tools

__all__ = ["Result", "follow", "tools"]
