"""Ending of the demo, and whether it is the one that its scenario should have."""

from .runs import RunFollower
from .scenarios import DemoScenario


def unexpected_ending(scenario: DemoScenario, runs: RunFollower) -> str:
    """Returns what differs from the scenario's ending after every approval. Empty if nothing."""
    found: list[str] = []
    for playbook, wanted in scenario.endings.items():
        followed = runs.find(playbook)
        if followed is None:
            found.append(f"the agents opened no run of {playbook}")
        elif followed.run.state is not wanted:
            name, run = f"run {followed.run_id} of {playbook}", followed.run
            reason = f": {run.reason}" if run.reason else ""
            found.append(f"{name} is {run.state}, not {wanted}{reason}")
    return "\n".join(found)
