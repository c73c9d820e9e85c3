"""Dependencies of a site's agents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver

from handwheel.connectors.denial import Denial
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import Instant


class CaseLedger(Protocol):
    """Ledger in which cases are recorded."""

    @property
    def context(self) -> DecisionContext:
        """The site with its ledger."""
        ...

    @property
    def holder(self) -> str:
        """Holder of the runner lock."""
        ...


class CaseContext(Protocol):
    """Dependencies of a site's cases, none of which files a request or sets an action due."""

    @property
    def ledger(self) -> CaseLedger: ...  # noqa: D102
    @property
    def plant(self) -> PlantView: ...  # noqa: D102
    @property
    def workorders(self) -> WorkOrders: ...  # noqa: D102
    @property
    def plans(self) -> Sequence[BoundPlaybook]: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], Instant]: ...  # noqa: D102

    def check_plan(self, plan: BoundPlaybook, /) -> Denial | None:
        """Returns why a plan may not be requested now."""
        ...


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Dependencies of a site's agents."""

    ledger: LedgerPort
    plant: PlantView
    workorders: WorkOrders
    plans: Sequence[BoundPlaybook]  # every playbook, bound as its triggers bind it
    # Binds a playbook by its id, roles and values that are not the default; raises
    # `HandwheelError` if there is no such playbook.
    rebind: Callable[[str, Mapping[str, str], Mapping[str, str]], BoundPlaybook]
    check: Callable[[BoundPlaybook], Denial | None]  # returns why a plan may not be requested now
    hashes: Mapping[str, str]  # hashes of the site's files, which each run records
    clock: Callable[[], Instant]
    checkpointer: BaseCheckpointSaver[Any]

    def check_plan(self, plan: BoundPlaybook) -> Denial | None:
        """Returns why a plan may not be requested now. A plan without writes always may."""
        return self.check(plan) if plan.approval is not None else None
