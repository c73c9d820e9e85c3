"""Step 7 checks whether the equipment may be acted on now."""

from handwheel.connectors.model.values import Value

from ...interlocks import blocking
from ...interlocks.blocking import WriteCheck, check_blocking
from ..state.execution import Execution


async def check_interlocks(execution: Execution) -> None:
    """Step 7 checks suspensions, lockouts, authority, leases, open outcomes, rates and groups."""
    execution.context.suspensions.check(execution.record.request, execution.context.site.tags)
    check_blocking(_case(execution))


def locked_files(execution: Execution) -> set[str]:
    """Returns the lockout files that block the action. Needs no database."""
    context = execution.context
    return blocking.locked_files(context.site, execution.action.equipment, context.lockouts.seen())


def check_rates(execution: Execution, before: Value | None) -> None:
    """Refuses a change that is too fast or too much from what the tag reads now."""
    blocking.check_rates(_case(execution), before)


def _case(execution: Execution) -> WriteCheck:
    context = execution.context
    return WriteCheck(
        context.site, context.database, context.policy, execution.record.request, execution.action,
        context.clock(),
    )  # fmt: skip
