"""The command `handwheel bench connect`."""

import os
import sys

from handwheel.connectors.hints import next_step

from ..shell.cli.exits import fail, mcp_sdk, run
from ..shell.cli.stdio import screen_output


def connect() -> None:
    """Serve an episode by MCP on standard streams.

    For a program that starts its MCP servers by a command. `bench agents` starts that program,
    and gives it the episode in HANDWHEEL_EPISODE_URL.

    Exit codes: 0 the peer has closed the connection, 2 there is no episode, 3 nothing
    answers at its address.
    """
    with mcp_sdk():
        from handwheel.mcp.episode_relay import relay
        from handwheel.mcp.mcp_program import EPISODE_URL
        from handwheel.mcp.transports import log_to_stderr
    url = os.environ.get(EPISODE_URL)
    if not url:
        step = next_step("bench", "agents", "--agent", "mcp:COMMAND")
        fail(f"{EPISODE_URL} is not set, so there is no episode\n{step}")
    log_to_stderr()
    sys.stdout = screen_output(sys.stdout)  # the SDK takes the stream itself, for the peer alone
    run(relay(url))
