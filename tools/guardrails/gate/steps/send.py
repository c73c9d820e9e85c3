"""The steps around the frame: the last look, the frame itself, and what the device answered."""

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused

from ....errors import InterlockActive, PermitRefused
from ..state.execution import Passage
from .interlocks import locked_files

BUDGET_S = 2.0
"""How long after the fresh look the frame must have left."""


async def last_look(passage: Passage) -> None:
    """12: the look at the plant is fresh, and nothing is suspended or locked out; no database.

    Raises:
        GuardrailError: It may not leave any more.
    """
    if reason := _outdated(passage):
        raise PermitRefused(reason)
    passage.post.suspensions.check(passage.record.request, passage.post.site.tags)
    if locked := locked_files(passage):  # last: nothing may come between it and the frame
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")


async def one_frame(passage: Passage) -> None:
    """13: exactly one frame leaves; a no and a doubt are kept for the steps that follow.

    Raises:
        PermitRefused: There is no intent on disk, or the frame has left.
    """
    intent = passage.intent
    if intent is None:
        raise PermitRefused("there is no intent on disk")
    if passage.may_have_left:
        raise PermitRefused("its frame has left")
    permit = Permit(
        intent.action_id, passage.tag, bytes.fromhex(intent.wire),
        passage.action.identity.identity, passage.read_s + BUDGET_S, intent.seq,
    )  # fmt: skip
    session, passage.may_have_left = passage.open_write_session, True
    try:
        passage.answer = await session.send(permit)
    except WriteRefused as refusal:
        passage.refusal = refusal
    except WriteOutcomeUnknown as doubt:
        passage.doubt = doubt


async def echo_equals(passage: Passage) -> None:
    """14: the device answered that exactly this was done; a no and a doubt are kept."""
    if passage.answer is None:
        return
    try:
        passage.open_write_session.check_echo(passage.answer)
    except WriteRefused as refusal:
        passage.refusal = refusal
    except WriteOutcomeUnknown as doubt:
        passage.doubt = doubt
    else:
        passage.is_echo_equal = True


def _outdated(passage: Passage) -> str:
    """Returns why the fresh look is fresh no longer, on either clock; empty if it is."""
    since_s = passage.post.clock().since_s(passage.read_at) if passage.read_at else None
    if since_s is None:
        return "the clock was set after the look at the plant"
    return "" if 0.0 <= since_s < BUDGET_S else "the look at the plant is too old"
