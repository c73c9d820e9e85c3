"""Parts of a bound playbook in words."""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import Policy, Style, TriggerPart
from handwheel.playbooks.binding.step_model import (
    Manual,
    NotifyStep,
    OnTimeout,
    RequiredApproval,
    RunPlaybook,
    Step,
    Then,
    Undo,
    Verify,
    Wait,
    WorkOrderStep,
    Write,
)
from handwheel.playbooks.language.loader import Playbook
from handwheel.playbooks.language.names import every_role_binding
from handwheel.tools.conditions import Expression, Template

_UNITS = (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0))
_REACTIONS: dict[Then | OnTimeout, str] = {
    "hold": "the run is held",
    "rollback": "the steps are undone",
    "safe_state": "the plant is brought into the safe state",
    "continue": "the run goes on",
    "stop": "the run is stopped",
    "skip": "it is left out",
    "escalate": "the run is held, and those who are told of held runs are told at once",
}

_STYLES: dict[Style, str] = {
    "manual": "People execute it, and the computer writes nothing",
    "computer-assisted": "People approve, and the computer executes and verifies",
    "automated": "People approve all of it once, and the computer executes and verifies",
}

_POLICIES: dict[Policy, str] = {
    "reject": "it does not start while another run owns any of it",
    "queue": "it waits in a queue while another run owns any of it",
    "preempt_lower": "a run of a lower priority that has written nothing gives way to it",
}


_KINDS: dict[type, str] = {
    Wait: "wait", WorkOrderStep: "order", Manual: "people", NotifyStep: "tell", RunPlaybook: "run",
}  # fmt: skip


def in_words(seconds: float) -> str:
    """Returns a duration such as `1 minute 30 seconds`."""
    parts: list[str] = []
    for name, size in _UNITS:
        number, seconds = divmod(seconds, size)
        parts += [_counted(number, name)] if number else []
    parts += [_counted(seconds, "second")] if seconds or not parts else []
    return " ".join(parts)


def _counted(number: float, name: str) -> str:
    return f"{number:g} {name}{'' if number == 1.0 else 's'}"


def bound_text(plan: BoundPlaybook) -> str:
    """Returns the parameters of a playbook with their values, empty for none."""
    return ", ".join(f"{name} = {value}" for name, value in plan.parameters.items())


def kind_of(step: Step) -> str:
    """Returns the kind of a step's work in one word, such as `write`."""
    return _KINDS.get(type(step.work), "write")


def style_text(style: Style) -> str:
    """Returns who executes a playbook, as a clause."""
    return _STYLES[style]


def policy_text(policy: Policy) -> str:
    """Returns what becomes of a run whose equipment another run owns, as a clause."""
    return _POLICIES[policy]


def reaction(then: Then | OnTimeout) -> str:
    """Returns the reaction of a run as a clause."""
    return _REACTIONS[then]


def other_equipment(playbook: Playbook) -> Iterator[str]:
    """Yields what triggers bind roles to in place of the default, as `duty = P-101B`."""
    for each in every_role_binding(playbook)[1:]:
        yield ", ".join(f"{role} = {asset}" for role, asset in each.roles.items())


def listed(words: Iterable[str]) -> str:
    """Returns words such as `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def write_text(write: Write) -> str:
    """Returns a write such as `FIC-201.sp = 30 m3/h`."""
    return f"{write.tag.name} = {write.shown}"


def writes_text(writes: Iterable[Write]) -> str:
    """Returns writes, joined by commas."""
    return ", ".join(map(write_text, writes))


def timed(within_s: float, hold_s: float = 0.0) -> str:
    """Returns how long a condition must hold, and until when, as the end of a sentence."""
    hold = f" for {in_words(hold_s)}," if hold_s else ""
    return f"{hold} within {in_words(within_s)}"


def part_text(part: TriggerPart) -> str:
    """Returns the duration of a part of a trigger as the end of a clause, empty for none."""
    return f" without a break for {in_words(part.for_s)}" if part.for_s else ""


def approval_text(approval: RequiredApproval) -> str:
    """Returns who approves, by when, and what happens otherwise."""
    within, otherwise = in_words(approval.within_s), reaction(approval.on_timeout)
    return f"{approval.role}, not the requester, within {within}; else {otherwise}"


def opening_approval(plan: BoundPlaybook) -> RequiredApproval | None:
    """Returns the approval before the first step, `None` if nothing is written before another."""
    opening = takewhile(lambda each: each.own_approval is None, plan.steps)
    return plan.approval if any(each.writes for each in opening) else None


def failure_text(step: Step) -> str:
    """Returns the reaction to the failure of a step, and who is told."""
    told = f", and {step.on_fail.notify} is told" if step.on_fail.notify else ""
    retry = _counted(step.on_fail.retry, "further attempt") if step.on_fail.retry else ""
    return f"{f'after {retry} ' if retry else ''}{reaction(step.on_fail.then)}{told}"


def can_fail(step: Step) -> bool:
    """Whether a step has a reaction to its failure."""
    return bool(step.writes or step.verify) or isinstance(step.work, Wait | RunPlaybook)


def work_text(step: Step, readings: Readings | None = None) -> str:
    """Returns the work of a step in one line.

    Args:
        readings: Fills its texts in with present values; `None` leaves them as they are written.
    """
    match step.work:
        case Wait(until, hold_s, within_s):
            return f"wait until {until.bound}{timed(within_s, hold_s)}"
        case Manual(sign_off, people, texts):
            who = f"{people} of role {sign_off.role}" if people > 1 else sign_off.role
            said = (_filled(each, each.text, readings) for each in texts)
            return f"{who} signs off: {'; '.join(said)}"
        case WorkOrderStep() as order:
            title = _filled(order.title, order.title.bound, readings)
            return f"work order for {order.asset}: {title}"
        case NotifyStep(to, text):
            return f"tell {listed(to)}: {_filled(text, text.text, readings)}"
        case RunPlaybook() as run:
            return f"run {run_text(run)}"
        case writes:
            return f"write {writes_text(writes)}{ramp_text(step)}"


def _filled(text: Template, otherwise: str, readings: Readings | None) -> str:
    """Returns a text with present values, unless it needs what only a run records."""
    return otherwise if readings is None or text.step_values else text.render(readings)


def run_text(run: RunPlaybook) -> str:
    """Returns a playbook that a step runs, with the roles that are bound."""
    bound = [f"{role} {asset}" for role, asset in run.roles.items()]
    return f"{run.playbook} with {listed(bound)}" if bound else run.playbook


def ramp_text(step: Step) -> str:
    """Returns the rate of a ramp as the end of a clause, empty for none."""
    if step.ramp_per_s is None:
        return ""
    return f", at {step.ramp_per_s * 60.0:g} {step.writes[0].tag.unit}/min"


def due_text(order: WorkOrderStep) -> str:
    """Returns the time of a work order, or the expression for it."""
    due = order.due.bound if isinstance(order.due, Expression) else in_words(order.due)
    return due if order.at_most_s is None else f"{due}, at most {in_words(order.at_most_s)}"


def verify_text(verify: Verify) -> str:
    """Returns a verification in one line."""
    return f"{verify.that.bound}{timed(verify.within_s, verify.hold_s)}"


def undo_text(undo: Undo | None, reason: str) -> str:
    """Returns the undo of a step in one line, or that there is none and why."""
    if undo is None:
        return f"none: {reason}" if reason else "none"
    condition = f"if {undo.if_.bound}: " if undo.if_ else ""
    verify = f"; then {verify_text(undo.verify)}" if undo.verify else ""
    return f"{condition}{writes_text(undo.writes)}{verify}"
