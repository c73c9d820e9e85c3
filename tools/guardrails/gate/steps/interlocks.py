"""The seventh check: may this equipment be acted on at all, now."""

from handwheel.connectors.model.values import Value

from ...interlocks import blocking as hindrances
from ...interlocks.blocking import Case, check_standing
from ..state.execution import Passage


async def free_to_act(passage: Passage) -> None:
    """7: suspension, lockout, authority, lease, an unresolved outcome, cool-down, rate, groups."""
    passage.post.suspensions.check(passage.record.request, passage.post.site.tags)
    check_standing(_case(passage))


def locked_files(passage: Passage) -> set[str]:
    """Returns the lockout files that stop the action; needs no database."""
    post = passage.post
    return hindrances.locked_files(post.site, passage.action.equipment, post.lockouts.seen())


def check_pace(passage: Passage, before: Value | None) -> None:
    """Refuses a change that is too fast or too much from what the tag reads now."""
    hindrances.check_pace(_case(passage), before)


def _case(passage: Passage) -> Case:
    post = passage.post
    return Case(
        post.site, post.database, post.policy, passage.record.request, passage.action,
        post.clock(), post.writes,
    )  # fmt: skip
