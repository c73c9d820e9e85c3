"""What a crew works with, and what it keeps of each run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.runner import Runner
from handwheel.playbooks.run.diagnosis import Diagnosis
from handwheel.playbooks.run.ledger_port import LedgerPort
from handwheel.playbooks.run.plant_view import PlantView
from handwheel.tools.maintenance.workorders import WorkOrders
from handwheel.tools.requests.stamps import Instant


@dataclass(slots=True)
class ActiveRun:
    """One run that the crew works on; see `graph.Case`."""

    runner: Runner
    check: Callable[[BoundPlaybook], str]
    diagnosis: Diagnosis | None = None
    is_cleared: bool = False

    def check_plan(self) -> str:
        """Returns why the plan may not be asked for now; empty if it may."""
        is_writing = self.runner.plan.approval is not None
        return self.check(self.runner.plan) if is_writing else ""


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What a crew works with.

    Attributes:
        plans: Every playbook, bound as its triggers bind it.
        rebind: Binds a playbook by its id and roles, for a run that is open already; raises
            `HandwheelError` if there is no such playbook any more.
        check: Returns why a plan may not be asked for now; empty if it may.
        hashes: Of the site's files, as each run keeps them.
    """

    ledger: LedgerPort
    plant: PlantView
    workorders: WorkOrders
    plans: Sequence[BoundPlaybook]
    rebind: Callable[[str, Mapping[str, str]], BoundPlaybook]
    check: Callable[[BoundPlaybook], str]
    hashes: Mapping[str, str]
    clock: Callable[[], Instant]
    checkpointer: BaseCheckpointSaver[Any]
