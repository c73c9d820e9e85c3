"""Agents of a room by their name."""

from random import Random

from handwheel.agents.site_agents import SiteAgents

from ...trial.agents import CreateAgents
from ..episodes import Episode
from .agent_loop import AgentLoop
from .agent_name import AgentName
from .each_alarm import EachAlarm
from .random_agent import RandomAgent


def creator(name: AgentName, episode: Episode) -> CreateAgents:
    """Returns what creates the agents of a room for an episode. `none` has no room."""
    if name is AgentName.EACH_ALARM:
        return lambda context: AgentLoop(context, EachAlarm())
    if name is AgentName.RANDOM:
        draw = Random(f"random {episode.plant} {episode.case} {episode.seed}")
        return lambda context: AgentLoop(context, RandomAgent(draw))
    return SiteAgents
