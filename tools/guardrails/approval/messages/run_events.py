"""Events of runs, cases and schedules, which the holder of the runner lock adds."""

from abc import ABC, abstractmethod
from typing import Any, Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.hints import next_step

from ....errors import InvalidArguments, PermitRefused
from ....requests.request import TupleOf
from ...ledger.runs import owner_in_the_way
from ...ledger.store.database import Transaction
from ...signatures.context import DecisionContext

Body = dict[str, Any]

_WORDS_OF_PEOPLE = frozenset({"run.ordered", "case.ordered", "case.answered"})


class AgentOperation(Model, ABC):
    """One change of the ledger, which the holder of the runner lock alone may make."""

    @abstractmethod
    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Makes it in the transaction of its message, which has checked the lock.

        Raises:
            GuardrailError: It is not allowed.
            LedgerError: The state does not allow it any more.
        """


class OpenRun(AgentOperation):
    """Opens a run, unless another one owns one of its assets.

    What its `ancestors` own, the runs that have started it, the nearest first, stays theirs, and
    goes to this run if they end first.
    """

    do: Literal["open run"] = "open run"
    run_id: str
    playbook: str
    assets: TupleOf[str]
    ancestors: TupleOf[str] = ()
    body: Body  # of its first event

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Opens it. Raises `PermitRefused` if another run owns one of its assets."""
        if owner := owner_in_the_way(transaction, self.assets, self.ancestors):
            hint = next_step("runs", "show", owner)
            raise PermitRefused(f"{owner} owns its equipment; {hint}")
        body: Body = {**self.body, "playbook": self.playbook, "owns": list(self.assets)}
        if self.ancestors:
            body |= {"ancestors": list(self.ancestors), "uses": list(self.assets)}
        opened = RecordEvent(kind="run.opened", subject=self.run_id, body=body)
        opened.apply(context, transaction)


class RecordEvent(AgentOperation):
    """Appends an event to a run, a case, or the schedule of a playbook.

    A run owns nothing any more after an event of `fold.CLOSING`.
    """

    do: Literal["record event"] = "record event"
    kind: str = Field(pattern=r"^(run|case|schedule)\.[a-z_]+$")
    subject: str
    body: Body

    def apply(self, context: DecisionContext, transaction: Transaction) -> None:
        """Appends it."""
        if self.kind in _WORDS_OF_PEOPLE:
            raise InvalidArguments(
                f"{self.kind} is no event of the agents, but the word of a person"
            )
        transaction.record(self.kind, self.subject, self.body)
