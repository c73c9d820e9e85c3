"""Moves of a plan, its writes in the order of its steps, with their time after now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.values import NOT_GOOD, Value
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Manual, RunPlaybook, Step, Wait
from handwheel.playbooks.engine.requests.write_values import FixedValue, Place, fix_values
from handwheel.tools.conditions import History, Truth

from .twin import Move, TwinError

THINK_S = 120.0
"""Assumed time until people have approved a request, process time."""
SIGN_OFF_S = 600.0
"""Assumed time until people have done and signed off the work of a step, process time."""
_RAMP_MOVES = 20  # of a ramp, in equal parts


@dataclass(frozen=True, slots=True)
class PlannedMoves:
    """Moves of a plan, with what was assumed about its course."""

    moves: Sequence[Move]
    assumptions: Sequence[str] = field(default_factory=list[str])


def moves_of(plan: BoundPlaybook, readings: Readings, history: History) -> PlannedMoves:
    """Returns the moves of a plan that is requested now, from its first step on.

    Raises `TwinError` if a value is not known now, or if a step starts another playbook.
    """
    begun = [each for each in plan.steps if _is_taken(each, readings, history) is not False]
    values = fix_values(plan, begun, readings, {})
    moves: list[Move] = []
    undos: list[Move] = []
    at_s = THINK_S
    for step in begun:
        if isinstance(step.work, RunPlaybook):
            raise TwinError(f"step {step.id} starts {step.work.playbook}, whose writes it lacks")
        at_s += THINK_S if step.own_approval and moves else 0.0
        for each in _moves_of_step(step, values.writes, readings, at_s):
            moves.append(each)
            at_s = each.at_s
        if plan.lease_s is not None:
            back_s = at_s + plan.lease_s
            undos += [
                _move(*each, back_s) for each in values.undos.items() if each[0][0] == step.id
            ]
        at_s += _lasts_s(step)
    moves = sorted([*moves, *undos], key=lambda each: each.at_s)
    return PlannedMoves(moves, list(_assumptions(plan, begun, readings, history)))


def _is_taken(step: Step, readings: Readings, history: History) -> bool | None:
    """Returns whether the condition of a step is met now, `None` if that is not known."""
    if step.if_ is None:
        return True
    truth = step.if_.evaluate(readings, history)
    return None if truth is Truth.UNKNOWN else truth is Truth.TRUE


def _moves_of_step(
    step: Step, values: Mapping[Place, FixedValue], readings: Readings, begin_s: float
) -> Iterator[Move]:
    for write in step.writes:
        name, place = write.tag.name, (step.id, write.tag.name)
        move = _move(place, values[place], begin_s)
        if step.ramp_per_s is None:
            yield move
            continue
        reading = readings.get(name)
        if reading is None or reading.status & NOT_GOOD or reading.scalar is None:
            raise TwinError(f"{name} is to ramp, and is not known now")
        start = _number(name, reading.scalar)
        lasts_s = abs(move.value - start) / step.ramp_per_s
        for n in range(_RAMP_MOVES):
            value = start + (move.value - start) * (n + 1) / _RAMP_MOVES
            yield Move(name, value, begin_s + lasts_s * n / _RAMP_MOVES)


def _move(place: Place, fixed: FixedValue, at_s: float) -> Move:
    if fixed.value is None:
        raise TwinError(fixed.fault)
    return Move(place[1], _number(place[1], fixed.value), at_s)


def _number(tag: str, value: Value) -> float:
    if isinstance(value, str):
        raise TwinError(f"{tag} takes a text, which no twin foretells")
    return float(value)


def _lasts_s(step: Step) -> float:
    """Returns how long a step lasts after its writes, if all comes at once."""
    lasts_s = step.verify.hold_s if step.verify else 0.0
    match step.work:
        case Wait(hold_s=hold_s):
            lasts_s += hold_s
        case Manual():
            lasts_s += SIGN_OFF_S
        case _:
            pass
    return lasts_s


def _assumptions(
    plan: BoundPlaybook, begun: Sequence[Step], readings: Readings, history: History
) -> Iterator[str]:
    think = format_duration(THINK_S)
    yield f"people approve the next request {think} from now, a later one {think} after it is filed"
    timed = [each.id for each in begun if each.verify or isinstance(each.work, Wait)]
    if timed:
        yield f"what is waited for in {', '.join(timed)} comes at once and holds"
    if plan.lease_s is not None:
        yield f"its writes are taken back {format_duration(plan.lease_s)} after they were sent"
    if manual := [each.id for each in begun if isinstance(each.work, Manual)]:
        yield f"the work of {', '.join(manual)} takes {format_duration(SIGN_OFF_S)}"
    if left := [each.id for each in plan.steps if each not in begun]:
        yield f"{', '.join(left)} are left out, since their condition is not met now"
    unsure = [each.id for each in begun if _is_taken(each, readings, history) is None]
    if unsure:
        yield f"{', '.join(unsure)} are carried out, though their condition is not known now"
