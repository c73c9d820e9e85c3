"""Segment of a run as the agents propose it, before it is a request."""

from dataclasses import dataclass

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value

from ...requests.request import Evidence, Requirement, RunOrigin
from .build_request import ProposedWrite


@dataclass(frozen=True, slots=True)
class Command:
    """One write of a step."""

    write: ProposedWrite
    step: str  # the playbook's step
    requires: tuple[Requirement, ...] = ()  # further conditions: the permissives or an `if`
    reads: tuple[Tag, ...] = ()  # tags that the value was computed from; they must not change
    promises: tuple[str, ...] = ()  # expected results in the process, for the approver
    ramp_per_s: float | None = None  # rate of a ramp, the tag's unit per second of process time
    after: int | None = None  # the index of the write before it in its ramp
    after_s: float | None = None  # shortest time after that write, seconds


@dataclass(frozen=True, slots=True)
class Recovery:
    """One write of the rollback."""

    write: ProposedWrite
    step: str
    requires: tuple[Requirement, ...] = ()  # further conditions, the `if` of the undo
    # The index of a command of this segment, or the action id of an earlier one; `None` for a write
    # into a safe state.
    undoes: int | str | None = None
    expects: Value | None = None  # the value that an earlier command wrote


@dataclass(frozen=True, slots=True)
class Segment:
    """Writes of a run that are approved at once."""

    run: RunOrigin
    commands: tuple[Command, ...]
    recovery: tuple[Recovery, ...]
    evidence: tuple[Evidence, ...]
    roles: tuple[str, ...]  # the playbook's roles, besides those of the policy
    within_s: float  # longest wait for the last signature; the policy may set less
    proposal_key: str  # the same for each proposal of one segment of one run
    reason: str
    supersedes: str | None = None  # the earlier request whose open recovery this one takes over
    # Time limit of its writes, seconds; `None` if only the run ends them. A request with a lease
    # takes nothing over.
    lease_s: float | None = None

    @property
    def writes(self) -> list[ProposedWrite]:
        """The writes of the commands in order, then of the recovery."""
        commands = [each.write for each in self.commands]
        return commands + [each.write for each in self.recovery]

    @property
    def requirements(self) -> list[Requirement]:
        """The conditions of all writes."""
        found = [each.requires for each in self.commands]
        found += [each.requires for each in self.recovery]
        return [requirement for requires in found for requirement in requires]
