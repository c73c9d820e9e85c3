"""Agent that plays a benchmark, as the command line names it."""

from collections.abc import Sequence

import typer

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName
from handwheel.evaluation.benchmark.programs.verbs import Program
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.tools.errors import InvalidArguments

from ..shell.cli.exits import mcp_sdk

_MCP = "mcp:"
_HINT = "--agent"


def chosen_agent(word: str, suites: Sequence[Suite]) -> AgentName | Program:
    """Returns the agent of `--agent`, checked before the long work begins.

    What a suite has no place for is said by `run_suites`.
    """
    if is_program(word):
        return _program(word.removeprefix(_MCP))
    agent = _named(word)
    fixed = [each.name for each in suites if each.file.respond is None]
    if agent is not AgentName.HANDWHEEL and fixed:
        raise typer.BadParameter(
            f"the agents of {', '.join(fixed)} cannot be exchanged for {word}; "
            "choose --suite respond or tep",
            param_hint=_HINT,
        )
    return agent


def is_program(word: str) -> bool:
    """Whether the agent is a program of others."""
    return word.startswith(_MCP)


def _named(word: str) -> AgentName:
    if word not in {*AgentName}:
        known = ", ".join([*AgentName, f"{_MCP}COMMAND"])
        raise typer.BadParameter(f"there is no agent {word!r}; known: {known}", param_hint=_HINT)
    return AgentName(word)


def _program(command: str) -> Program:
    with mcp_sdk():
        from handwheel.mcp.mcp_program import McpProgram
    program = McpProgram(command)
    try:
        _ = program.words  # they are read to be checked
    except InvalidArguments as error:
        raise typer.BadParameter(str(error), param_hint=_HINT) from None
    return program
