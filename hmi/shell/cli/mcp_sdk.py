"""The MCP SDK, which is an extra."""

from collections.abc import Generator
from contextlib import contextmanager

from .exits import fail


@contextmanager
def mcp_sdk() -> Generator[None]:
    """Ends the command with what to install if an import inside lacks the SDK."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        fail("the MCP SDK is not installed: pip install 'handwheel[mcp]'")
