"""Prediction of a plan from what was measured, without any agents."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook

from .foretell import Foretold
from .load import SiteTwin
from .margins import margins
from .moves import PlannedMoves
from .prediction import Margin, Prediction
from .twin import Course


def prediction_of(
    own: SiteTwin,
    plan: BoundPlaybook,
    tags: Mapping[str, Tag],
    planned: PlannedMoves,
    found: Foretold,
    residual: float | None,
) -> Prediction:
    """Returns the prediction of a plan whose courses are known, without and with it.

    Args:
        tags: Of the site.
        residual: Of the twin over its own last day; `None` if that is unknown.
    """
    begin_s = planned.moves[0].at_s if planned.moves else 0.0
    courses = found.without, found.with_plan
    seen = {each for each in own.twin.tags if each in tags}
    seen |= {name for name, each in tags.items() if each.writable}
    without, with_plan = (_checked(each, seen) for each in courses)
    own_margins = margins(plan, tags, (without, with_plan), begin_s)
    assumptions = [*planned.assumptions, *found.estimate.assumptions, *_unknown(own_margins)]
    return Prediction(
        own.name, own.horizon_s, *courses, own_margins, residual, own.trust, assumptions,
        found.estimate.off,
    )  # fmt: skip


def _checked(course: Course, seen: Collection[str]) -> Course:
    """Returns a course without tags that are not measured, since nobody checks those."""
    series = {tag: each for tag, each in course.series.items() if tag in seen}
    return replace(course, series=series)


def _unknown(found: list[Margin]) -> Iterator[str]:
    """Yields what the twin does not tell about the invariants."""
    unknown = [each.text for each in found if each.with_plan is None]
    if unknown:
        yield f"the twin is not checked on, or does not tell, {'; '.join(unknown)}"
