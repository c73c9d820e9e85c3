"""Protocol of a planner, which says what is to be done about a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

GROUP = "handwheel.planners"
"""Entry points of planners, each a function without arguments that returns a `Planner`."""
COMPOSED = "composed/"
"""Beginning of the ids of playbooks that were composed, which nobody has released."""
RULES = "rules"
"""Name of the planner that every site has."""

Kind = Literal["act", "compose", "check", "leave", "abstain"]
"""Kind of a plan.

`act` follows a candidate, and `check` one that would decide between suspects. `compose` proposes a
new playbook. `leave` needs no response, and `abstain` leaves it to people.
"""


@dataclass(frozen=True, slots=True)
class PlanningCase:
    """Case as a planner sees it, plain JSON.

    Attributes:
        deviations: Each with its time, its rate and its time to a limit.
        candidates: Each with its `name`, its `playbook` with the `title`, its lowest `risk` class,
            the faults that it `answers`, the values that may be `adjusted`, and the `code` and
            `reason` of what prevents it, empty for nothing.
        ranking: Hypotheses with their evidence, what is named, and what would decide. A number of
            the evidence that is not known is left out.
    """

    id: str
    at: str  # stamp of the snapshot
    deviations: Sequence[Mapping[str, Any]] = ()
    candidates: Sequence[Mapping[str, Any]] = ()
    ranking: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a case. It is no request, and everything in it is checked.

    Attributes:
        candidate: Name of the candidate of `act` and `check`.
        parameters: Values of its playbook that are not the default, as text.
        text: Playbook of `compose`, in the format `playbook/1`.
        risk: Lowest class of its request. Handwheel fills it in, whatever a planner says.
        author: Name of the planner. Handwheel fills it in.
        passed_over: Candidates that are not chosen though nothing prevents them, with the reason.
        problem: Fault of another planner whose plan did not count.
        exchange: What models were asked and have answered. Handwheel fills it in.
    """

    kind: Kind
    because: str
    candidate: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    text: str = ""
    risk: str = ""
    author: str = RULES
    passed_over: Sequence[Mapping[str, str]] = ()
    problem: str = ""
    exchange: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def fields(self) -> dict[str, Any]:
        """Plan as plain JSON."""
        return {
            "kind": self.kind, "choice": self.candidate, "reason": self.because,
            "parameters": dict(self.parameters), "text": self.text, "risk": self.risk,
            "author": self.author, "passed_over": [dict(each) for each in self.passed_over],
            "problem": self.problem, "exchange": dict(self.exchange),
        }  # fmt: skip


class Planner(Protocol):
    """Planner of cases. It has no port to file a request."""

    async def plan(self, case: PlanningCase) -> Plan:
        """Returns the plan of a case, which it does not change.

        Raises:
            Exception: Any error costs only this plan: the rules carry on, and the case names it.

        Effect: none. Retry: none. Timeout: a planner of others has 5 s of wall-clock time.
        """
        ...
