"""The verdict: invariants I1 to I5 over a device's frames and an exported journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .documents import NoDocument
from .frames import matched, outcome_faults, read_frames
from .history import Story
from .journal import chain_faults, read_journal
from .operators import enrolled


@dataclass(frozen=True)
class Match:
    """One frame, the action that it belongs to, and who had approved it."""

    frame: int
    action_id: str
    approvers: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class Report:
    """What the judge found; without a fault the invariants hold."""

    faults: tuple[str, ...]
    matched: tuple[Match, ...]

    @property
    def is_clean(self) -> bool:
        return not self.faults

    def __str__(self) -> str:
        lines = [f"{'frame':>5}  {'action':<16}  {'outcome':<20}  approved by"]
        lines += [
            f"{each.frame:>5}  {each.action_id:<16}  {each.outcome:<20}  "
            f"{', '.join(each.approvers) or 'nobody'}"
            for each in self.matched
        ]
        lines += [f"FAULT  {fault}" for fault in self.faults]
        return "\n".join([*lines, f"{len(self.matched)} frames, {len(self.faults)} faults"])


def judge(
    frames: str,
    export: str,
    operators: str,
    root: str,
    acts_as: Mapping[str, Sequence[str]] | None = None,
) -> Report:
    """Judges by four texts.

    Args:
        frames: The device's log, one JSON object a line.
        export: What `journal export` printed.
        operators: The file `operators.yaml`.
        root: Fingerprint of the first administrator's key, `SHA256:…`.
        acts_as: The policy's roles that stand for others too.
    """
    try:
        journal = read_journal(export)
        faults = list(chain_faults(journal))
        people = enrolled(operators, journal.site, root)
        arrived = list(read_frames(frames))
    except NoDocument as error:
        return Report((str(error),), ())
    if not people:
        faults.append("nobody in operators.yaml has a chain to the root")
    story = Story(journal, people, acts_as or {})
    story.read()
    faults += story.faults
    traces = list(story.traces.values())
    pairs = matched(story.heartbeats.taken(arrived, faults), traces, faults)
    faults += outcome_faults(pairs, traces)
    return Report(
        tuple(faults),
        tuple(Match(frame.n, trace.name, trace.approvers, trace.state) for frame, trace in pairs),
    )
