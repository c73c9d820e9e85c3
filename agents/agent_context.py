"""Dependencies of a site's agents, and their record of each active run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from handwheel.connectors.denial import Denial
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.runner import Runner
from handwheel.playbooks.run.diagnosis import Diagnosis
from handwheel.playbooks.run.ledger_port import LedgerPort
from handwheel.playbooks.run.plant_view import PlantView
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import Instant


@dataclass(slots=True)
class ActiveRun:
    """One run that the agents process. See `graph.GraphRun`."""

    runner: Runner
    check: Callable[[BoundPlaybook], Denial | None]
    diagnosis: Diagnosis | None = None
    is_cleared: bool = False

    def check_plan(self) -> Denial | None:
        """Returns why the plan may not be requested now. A plan without writes always may."""
        is_writing = self.runner.plan.approval is not None
        return self.check(self.runner.plan) if is_writing else None


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Dependencies of a site's agents."""

    ledger: LedgerPort
    plant: PlantView
    workorders: WorkOrders
    plans: Sequence[BoundPlaybook]  # every playbook, bound as its triggers bind it
    # Binds a playbook by its id and roles, for a run that is open already; raises `HandwheelError`
    # if there is no such playbook.
    rebind: Callable[[str, Mapping[str, str]], BoundPlaybook]
    check: Callable[[BoundPlaybook], Denial | None]  # returns why a plan may not be requested now
    hashes: Mapping[str, str]  # hashes of the site's files, which each run records
    clock: Callable[[], Instant]
    checkpointer: BaseCheckpointSaver[Any]
