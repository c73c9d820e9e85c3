"""Steps 12 to 14 check once more, send the frame and check the answer."""

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused

from ....errors import InterlockActive, PermitRefused
from ..state.execution import Execution
from .interlocks import locked_files
from .reading_age import check_reading_age, permit_ends_s


async def check_before_send(execution: Execution) -> None:
    """Step 12 checks that the reading is fresh, and that nothing is suspended or locked out.

    Raises `LedgerError` if the file in which the intent stands was removed or replaced.
    """
    execution.context.database.check_file()
    check_reading_age(execution)
    execution.context.suspensions.check(execution.record.request, execution.context.site.tags)
    if locked := locked_files(execution):  # last: nothing may come between it and the frame
        raise InterlockActive(f"locked out: {', '.join(sorted(locked))}")


async def send_frame(execution: Execution) -> None:
    """Step 13 sends exactly one frame. A refusal or an unknown outcome is kept for later steps.

    Raises `PermitRefused` if there is no intent on disk, or the frame has left.
    """
    intent = execution.intent
    if intent is None:
        raise PermitRefused("there is no intent on disk")
    if execution.may_have_left:
        raise PermitRefused("its frame has left")
    permit = Permit(
        intent.action_id, execution.tag, bytes.fromhex(intent.wire),
        execution.action.identity.identity, permit_ends_s(execution), intent.seq,
    )  # fmt: skip
    session, execution.may_have_left = execution.open_write_session, True
    try:
        execution.answer = await session.send(permit)
    except WriteRefused as refusal:
        execution.refusal = refusal
    except WriteOutcomeUnknown as doubt:
        execution.doubt = doubt


async def check_answer(execution: Execution) -> None:
    """Step 14 checks that the device answered exactly this. A refusal or doubt is kept."""
    if execution.answer is None:
        return
    try:
        execution.open_write_session.check_echo(execution.answer)
    except WriteRefused as refusal:
        execution.refusal = refusal
    except WriteOutcomeUnknown as doubt:
        execution.doubt = doubt
    else:
        execution.is_echo_equal = True
