"""The seventh check: may this equipment be acted on at all, now."""

from .. import hindrances
from ..hindrances import Case, check_standing
from .passage import Passage


async def free_to_act(passage: Passage) -> None:
    """7: lockout, authority, an outcome that nobody has resolved, cool-down."""
    check_standing(_case(passage))


def locked_files(passage: Passage) -> set[str]:
    """Returns the lockout files that stop the action; needs no database."""
    return hindrances.locked_files(passage.post.site, passage.action.equipment)


def since_last_write_s(passage: Passage) -> float | None:
    """Returns the seconds since the tag was last written; `None` if it never was."""
    return hindrances.since_last_write_s(_case(passage))


def _case(passage: Passage) -> Case:
    post = passage.post
    return Case(
        post.site, post.database, post.policy, passage.record.request, passage.action, post.clock()
    )
