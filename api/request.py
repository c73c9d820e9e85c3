"""Request of a program, and what people and the plant made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from time import monotonic
from typing import Any, Literal, Self, get_args

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.plant_text import PlantText

from .arguments import seconds
from .run_link import RunLink

State = Literal[
    "WAITING", "RUNNING", "COMPLETE", "REJECTED", "DENIED", "EXPIRED", "REVOKED", "INVALIDATED",
    "FAILED", "UNKNOWN",
]  # fmt: skip
"""State of a request.

`WAITING`: nobody has decided. `RUNNING`: it is approved, and not all is written, verified and
judged. `COMPLETE`: every write is verified, and each expected effect is judged. `DENIED`: the
policy denies it. `FAILED`: a write did not come about. `UNKNOWN`: a person must find out whether
one did.
"""
STATES: tuple[str, ...] = get_args(State)
OPEN: frozenset[str] = frozenset({"WAITING", "RUNNING"})
"""States from which something still follows."""
_TURN_S = 20.0  # for which the agents hold a question back while nothing changes


@dataclass(frozen=True, slots=True)
class EffectOutcome:
    """Effect that a request expected in the process."""

    expected: str  # condition over the site's tags
    within_s: float  # from the verified write, process time
    verdict: Literal["CAME", "MISSED", "UNKNOWN"] | None  # `None` while it is watched
    observed: str  # the condition with the values that were seen


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a request, from the ledger.

    Attributes:
        kept: Whether each expected effect came; `None` if none was expected or not all is judged.
        reason: Why it stands there, such as the reason of the person who rejected it.
    """

    state: State
    kept: bool | None
    reason: str
    effects: tuple[EffectOutcome, ...] = ()

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the outcome of an answer of the agents' socket."""
        if fields["state"] not in STATES:
            raise InvalidArguments(f"the agents name a state that is not known: {fields['state']}")
        effects = tuple(EffectOutcome(**each) for each in fields["effects"])
        return cls(fields["state"], fields["kept"], fields["reason"], effects)

    @property
    def is_over(self) -> bool:
        """Whether nothing follows any more, except the end of a lease."""
        return self.state not in OPEN


class Request:
    """Request that was filed. People decide about it, in the terminal and nowhere else."""

    def __init__(self, link: RunLink, fields: Mapping[str, Any], token: str = "") -> None:
        self._link = link
        self._fields, self._token = fields, token

    @property
    def id(self) -> str:
        """Its id, such as `R-7K3MQ2XA`."""
        return str(self._fields["request_id"])

    @property
    def risk_class(self) -> str:
        """Class of risk by the site's policy, `R1` to `R4`."""
        return str(self._fields["risk_class"])

    @property
    def roles(self) -> Sequence[str]:
        """Roles that must sign."""
        return tuple(self._fields["roles"])

    @property
    def latest(self) -> Outcome:
        """Outcome as it was known last. It asks nobody."""
        return Outcome.of_fields(self._fields["outcome"])

    def to_json(self) -> Mapping[str, object]:
        """Returns its id, what came of it as known last, and what people see."""
        latest = self.latest
        return {
            "request_id": self.id, "state": latest.state, "kept": latest.kept,
            "reason": PlantText(latest.reason, f"outcome of {self.id}"), "effects": latest.effects,
            "risk_class": self.risk_class, "roles": self.roles, "card": self._fields["card"],
        }  # fmt: skip

    def card(self) -> str:
        """Returns what people see of it, as text."""
        return "\n".join(self._fields["card"])

    async def outcome(self, within: str = "0 s") -> Outcome:
        """Waits until it is over, and returns what came of it.

        Args:
            within: How long to wait, such as `15 min`.

        Returns:
            The outcome by then, `WAITING` or `RUNNING` if it is not over. A person's no is a value.

        Raises:
            InvalidArguments: `within` is no duration.
            NoAgents: The agents have ended. The request is as it was.
            ToolFailed: They end while it waits, or do not answer. The request is as it was.

        Effect: OBSERVE. Retry: none. Timeout: `within`.
        """
        until_s = monotonic() + seconds("within", within)
        await self._refresh(0.0)
        while not self.latest.is_over and (left_s := until_s - monotonic()) > 0.0:
            await self._refresh(min(left_s, _TURN_S))
        return self.latest

    async def _refresh(self, wait_s: float) -> None:
        seen = self._token or None
        path = f"/v1/requests/{self.id}"
        asked = {"wait_s": f"{wait_s:.3f}", "seen": seen} if wait_s and seen else {}
        answer = await self._link.get(path, **asked)
        self._fields, self._token = answer["request"], answer["token"]

    def __repr__(self) -> str:
        return f"Request({self.id!r}, {self.risk_class}, {self.latest.state})"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.card())}</pre>"
