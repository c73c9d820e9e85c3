"""Opening of a run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from handwheel.connectors.model.site import Site

from ..binding.model import BoundPlaybook, owned_by
from ..engine.inputs import PlantSnapshot
from .agent_names import owner_of
from .event_log import RunLog


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Choice of a playbook by a language model."""

    model: str
    prompt_hash: str  # SHA-256 of its prompt
    words: str  # the model's, which nobody has verified, and who says so


@dataclass(frozen=True, slots=True)
class RunStart:
    """Cause of a run."""

    place: str  # place of the trigger, `file:line`
    shown: str  # the trigger's condition with its values
    hashes: Mapping[str, str]  # hashes of the site's files and of the agents' graph
    begin_by: str = ""  # stamp of the deadline; empty for none
    ancestors: tuple[str, ...] = ()  # the runs that have started it, the nearest first
    faults: tuple[str, ...] = ()  # confirmed hypotheses that it answers
    choice: ModelChoice | None = None  # of a language model; `None` for rules


def open_run(
    log: RunLog, plan: BoundPlaybook, site: Site, plant: PlantSnapshot, start: RunStart
) -> None:
    """Opens a run and records the snapshot that it starts from. Raises as `RunLog.open`."""
    names = sorted({name for each in plan.conditions for name in each.tags})
    readings = plant.readings
    snapshot = {
        name: f"{site.tags[name].show(readings[name])} {site.tags[name].unit}".rstrip()
        for name in names
        if name in readings
    }
    log.open(
        plan.id,
        owned_by(plan, site),
        {
            "playbook": plan.id, "version": plan.version, "digest": plan.digest,
            "title": plan.title, "agent": owner_of(plan), "roles": dict(plan.roles),
            "parameters": dict(plan.parameters), "given": dict(plan.given),
            "assets": list(plan.assets), "trigger": start.place, "condition": start.shown,
            "hashes": dict(start.hashes), "snapshot": snapshot, "at_s": plant.now_s,
            **({"begin_by": start.begin_by} if start.begin_by else {}),
            **({"faults": list(start.faults)} if start.faults else {}),
            **({"choice": asdict(start.choice)} if start.choice else {}),
        },
        start.ancestors,
    )  # fmt: skip
