"""Ramps, which are listed in a request as several writes of one tag, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.connectors.session.protocols import Survey

from ...errors import InvalidArguments
from ...requests.request import Requirement
from ..policy.policy import Policy
from .build_request import BuildContext, ProposedWrite, expected_as_read
from .segment import Command, Recovery, Segment

MOST_WRITES = 30
"""Highest number of writes of a ramp."""
_SHORTEST_S = 10.0  # between two writes
_DIGITS = 9
_ROUNDING = 1e-9
# Of the policy's cool-down, which counts from the write itself, and not from when it is due.
_MARGIN, _DELAY_S = 1.1, 5.0


@dataclass(frozen=True, slots=True)
class RampWrite:
    """One write of a ramp."""

    value: Value
    after_s: float | None  # shortest time after the write before it; `None` for the first


def with_ramps(context: BuildContext, segment: Segment, survey: Survey) -> Segment:
    """Returns a segment with each ramp as its writes, and its undo as one ramp back.

    The writes begin at the present reading, at least the policy's cool-down apart.

    Raises:
        InvalidArguments: It would take more than `MOST_WRITES` writes, or is no ramp of numbers.
        InterlockActive: The tag has no good reading.
    """
    if not any(each.ramp_per_s for each in segment.commands):
        return segment
    commands: list[Command] = []
    last: dict[int, list[int]] = {}  # the places of each command's writes
    for index, each in enumerate(segment.commands):
        writes = ramp_writes(context, each, survey)
        last[index] = list(range(len(commands), len(commands) + len(writes)))
        for number, write in enumerate(writes):
            is_last = number == len(writes) - 1
            commands.append(
                replace(
                    each,
                    write=ProposedWrite(each.write.tag, write.value),
                    after=len(commands) - 1 if number else None,
                    after_s=write.after_s,
                    # What the ramp itself may change decides once, before its first write.
                    requires=_lasting(each) if number else each.requires,
                    promises=each.promises if is_last else (),
                )
            )
    recovery = [made for each in segment.recovery for made in _undo(each, commands, last)]
    return replace(segment, commands=tuple(commands), recovery=tuple(recovery))


def ramp_writes(context: BuildContext, command: Command, survey: Survey) -> list[RampWrite]:
    """Returns the writes of a command, one if it does not ramp. Errors: see `with_ramps`."""
    values = _values(context, command, survey) if command.ramp_per_s else [command.write.value]
    return [
        RampWrite(value, _apart_s(context, command, values, number))
        for number, value in enumerate(values)
    ]


def spacing_s(policy: Policy, tag: Tag, value: Value) -> float:
    """Returns the shortest time between two writes of a ramp, wall-clock seconds.

    It is a little longer than the policy's cool-down.
    """
    cooldown_s = policy.judge(tag, value, None).cooldown_s
    return max(_SHORTEST_S, cooldown_s * _MARGIN + _DELAY_S if cooldown_s else 0.0)


def _apart_s(
    context: BuildContext, command: Command, values: list[Value], number: int
) -> float | None:
    """Returns how long after the write before it the agents let a write become due."""
    if not number or command.ramp_per_s is None:
        return None
    value, before = values[number], values[number - 1]
    if isinstance(value, str) or isinstance(before, str):
        return None
    shortest_s = spacing_s(context.policy, command.write.tag, value)
    return max(abs(value - before) / command.ramp_per_s, shortest_s)


def _lasting(command: Command) -> tuple[Requirement, ...]:
    return tuple(each for each in command.requires if each.why == "invariant")


def _undo(
    recovery: Recovery, commands: list[Command], places: dict[int, list[int]]
) -> Iterator[Recovery]:
    if not isinstance(recovery.undoes, int):
        yield recovery
        return
    first, *rest = places[recovery.undoes]
    for index in reversed(rest):
        value = commands[index - 1].write.value
        write = ProposedWrite(recovery.write.tag, value)
        yield replace(recovery, write=write, undoes=index)
    yield replace(recovery, undoes=first)


def _values(context: BuildContext, command: Command, survey: Survey) -> list[Value]:
    tag, target, rate = command.write.tag, command.write.value, command.ramp_per_s or 0.0
    start = expected_as_read(context.site, tag, survey).value
    if not _is_number(start) or not _is_number(target):
        raise InvalidArguments(f"{tag.name} cannot ramp: it is no number")
    distance = float(target) - float(start)
    ruling = context.policy.judge(tag, target, survey.readings.get(tag.name))
    # One write changes at most what the rate allows until the next one.
    by_time = ceil(abs(distance) / (rate * spacing_s(context.policy, tag, target)) - _ROUNDING)
    by_step = ceil(abs(distance) / ruling.max_step - _ROUNDING) if ruling.max_step else 1
    count = max(1, by_step, min(by_time, MOST_WRITES))
    if count > MOST_WRITES:
        raise InvalidArguments(
            f"{tag.name} would ramp in {count} writes, since one may change it by at most "
            f"{ruling.max_step:g} {tag.unit}; at most {MOST_WRITES} are allowed"
        )
    ways = (float(start) + distance * number / count for number in range(1, count))
    if tag.kind == "int":
        whole = dict.fromkeys(map(round, ways))
        return [*(each for each in whole if each not in {start, target}), target]
    return [*(float(f"{each:.{_DIGITS}g}") for each in ways), target]


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
