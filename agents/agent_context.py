"""Dependencies of a site's agents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from handwheel.connectors.denial import Denial
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import Instant

from .deviations.continuous_diagnosis import ContinuousDiagnosis
from .lookahead.site_look_ahead import SiteLookAhead
from .planning.planners import Planners

Rebind = Callable[[str, Mapping[str, str], Mapping[str, str]], BoundPlaybook]


@dataclass(frozen=True, slots=True)
class ShadowLedger:
    """Ledger of a shadow, which has no method to file a request or to set an action due."""

    writer: LedgerWriter  # of a ledger of the shadow's own

    @property
    def context(self) -> DecisionContext:
        """That ledger with the site, its policy and its people."""
        return self.writer.context


@dataclass(frozen=True, slots=True)
class CaseContext:
    """Dependencies of a site's cases, none of which files a request or sets an action due."""

    ledger: LedgerPort | ShadowLedger
    plant: PlantView
    workorders: WorkOrders  # a shadow's own, so that nobody is told
    plans: Sequence[BoundPlaybook]  # every playbook, bound as its triggers bind it
    check: Callable[[BoundPlaybook], Denial | None]  # returns why a plan may not be requested now
    clock: Callable[[], Instant]
    # Of the site's failure modes; `None` without any.
    diagnosis: ContinuousDiagnosis | None = field(default=None, kw_only=True)
    planners: Planners = field(default_factory=Planners, kw_only=True)
    look_ahead: SiteLookAhead | None = field(default=None, kw_only=True)  # `None` without a twin
    # Binds a playbook by its id, roles and values that are not the default; raises
    # `HandwheelError` if there is no such playbook. `None` where none is bound anew.
    rebind: Rebind | None = field(default=None, kw_only=True)

    def check_plan(self, plan: BoundPlaybook) -> Denial | None:
        """Returns why a plan may not be requested now. A plan without writes always may."""
        return self.check(plan) if plan.writes else None


@dataclass(frozen=True, slots=True)
class AgentContext(CaseContext):
    """Dependencies of a site's agents."""

    ledger: LedgerPort
    rebind: Rebind = field()
    hashes: Mapping[str, str]  # hashes of the site's files, which each run records
    checkpointer: BaseCheckpointSaver[Any] | None  # `None` for one that ends with the process
