"""Making of a briefing from site and suite, the same for every episode of a suite."""

from collections.abc import Iterable, Sequence

from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook

from ..episodes import longest_s
from ..suite import Suite
from .briefing import Briefing, FaultBrief, PlaybookBrief, TagBrief

CALL_S = 1.0
"""Process time that passes in each call of a verb."""
_FIND = (
    "Watch the plant, find out what is wrong with it, and conclude. There may be no fault, one or"
    " two. Something that only looks like a fault needs no name. Name a fault when you are sure:"
    " one that is named at any moment and is not there, or not yet, makes the whole episode wrong."
    " All else is judged by your last conclusion. If you cannot tell faults apart, abstain and name"
    " all of them as suspects."
)
_ACT = (
    "Watch the plant, and have done what is right. Propose a playbook or writes of your own to the"
    " people, who answer within minutes or hours. A write that is not right for the fault makes the"
    " episode wrong, and a proposal that is not needed counts as needless. Often the right answer"
    " is to propose nothing. Conclusions are recorded, and what you do is judged."
)


def diagnosing_briefing(site: Site, suite: Suite, hypotheses: Hypotheses) -> Briefing:
    """Returns the briefing of a suite in which programs only diagnose."""
    return _briefing(site, suite, hypotheses, _FIND, ())


def acting_briefing(
    site: Site, suite: Suite, hypotheses: Hypotheses, plans: Sequence[BoundPlaybook]
) -> Briefing:
    """Returns the briefing of a suite in which programs act.

    Args:
        plans: The library in its order, bound as its triggers bind it.
    """
    return _briefing(site, suite, hypotheses, _ACT, plans)


def _briefing(
    site: Site, suite: Suite, hypotheses: Hypotheses, task: str, plans: Iterable[BoundPlaybook]
) -> Briefing:
    playbooks: dict[str, PlaybookBrief] = {}
    for each in plans:  # the first binding counts
        playbooks.setdefault(each.id, _playbook(each))
    faults = [each for each in hypotheses.every if each.mode.is_fault]
    return Briefing(
        plant=site.plant or suite.file.plant,
        task=task,
        acts=suite.file.respond is not None,
        lasts_s=longest_s(suite),
        call_s=CALL_S,
        tags=tuple(_tag(each) for each in site.tags.values() if not each.is_array),
        faults=tuple(
            FaultBrief(name=each.id, title=each.title, equipment=each.equipment) for each in faults
        ),
        playbooks=tuple(playbooks.values()),
    )


def _tag(tag: Tag) -> TagBrief:
    low, high = tag.span or (None, None)
    return TagBrief(
        name=tag.name, label=tag.label, unit=tag.unit, kind=tag.kind, equipment=tag.equipment,
        low=low, high=high, members=dict(tag.members), writable=tag.writable,
    )  # fmt: skip


def _playbook(plan: BoundPlaybook) -> PlaybookBrief:
    return PlaybookBrief(
        name=plan.id,
        title=plan.title,
        roles=dict(plan.roles),
        parameters={name: each for name, each in plan.parameters.items() if name not in plan.roles},
        writes=tuple(dict.fromkeys(each.tag.name for each in plan.writes)),
    )
