"""Steps 8 to 10 check the device, one fresh reading of the plant, and the bytes."""

from collections.abc import Mapping
from time import monotonic

from handwheel.connectors.actuation.permit import permit_clock_s
from handwheel.connectors.client.site_reader import by_connection
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.scan_groups import aged

from ....conditions.condition import Condition, parse_condition, tags_in
from ....conditions.errors import ConditionError
from ....conditions.truth import Truth
from ....errors import InterlockActive, PermitRefused, PolicyViolation
from ....requests.request import ExpectedReading
from ....requests.values import is_already
from ...approval.build_request import max_age_of
from ...policy.cross_limits import cross_tags
from ..state.execution import AlreadySo, Execution
from .interlocks import check_rates
from .reading_age import ReadingTooOld


async def open_device(execution: Execution) -> None:
    """Step 8 connects to the device, checks that it is the approved one, and opens the readers.

    So the reading of the next step takes no time for connecting.
    """
    context, action = execution.context, execution.action
    execution.write_session = await context.open_write_session(
        context.site, action.connection, [execution.tag]
    )
    found = execution.write_session.encoder.identity
    if found != action.identity.identity:
        raise PermitRefused(
            f"the device is not the one that was approved: {found.name or 'a nameless one'} "
            f"at {found.where}"
        )
    await open_readers(execution)


async def open_readers(execution: Execution) -> None:
    """Opens a session on every other connection that the fresh reading needs."""
    context = execution.context
    read = by_connection(context.site.measured(_tags(execution)))
    for name in sorted(read.keys() - {execution.action.connection}):
        execution.readers[name] = await context.connector(context.site, name).open()


async def check_plant(execution: Execution) -> None:
    """Step 9 checks expectations, requirements and limits against one fresh reading.

    Raises:
        AlreadySo: Nothing is in the way, and the tag reads already what a command would write.
        ReadingTooOld: Nothing is in the way, but the reading has taken too long.
    """
    action = execution.action
    requirements = _requirements(execution)
    late = await _look(execution)
    is_already_so = _is_already_so(execution)
    for expected in action.expected:
        if not (is_already_so and expected.tag == action.tag):
            _check_expected(execution, expected)
    for requirement in requirements:
        if requirement.evaluate(execution.readings) is not Truth.TRUE:
            raise InterlockActive(f"not true: {requirement.shown(execution.readings)}")
    if not is_already_so:
        _check_limits(execution)
    if late:
        raise ReadingTooOld(f"the plant could not be read in time: {', '.join(late)}")
    if is_already_so:
        raise AlreadySo(f"already so; nothing was sent: {action.tag} reads {action.shown}")


async def check_encoding(execution: Execution) -> None:
    """Step 10 checks that encoding the value now gives the bytes that were signed."""
    action = execution.action
    try:
        encoded = execution.open_write_session.encoder.encode(execution.tag, action.value)
    except ValueError as error:
        raise PermitRefused(f"{action.tag} cannot be encoded any more: {error}") from None
    is_same = repr(encoded.value) == repr(action.value)  # 1, 1.0, true and -0.0 are different
    if encoded.wire.hex() != action.wire or not is_same:
        raise PermitRefused("encoding it now gives other bytes than those that were approved")


def _effect_tags(execution: Execution) -> set[str]:
    """Returns what the write session can read of the effects before the frame.

    No other device is asked for them, nor another unit behind this one: one that is silent takes
    its time-out, and the look would be too old.
    """
    tags = execution.context.site.tags
    names = tags_in((each.text for each in execution.action.effects), tags)
    return {name for name in names if _device(tags[name]) == _device(execution.tag)}


def _device(tag: Tag) -> tuple[str, int | None]:
    unit = tag.address.unit if isinstance(tag.address, RegisterAddress) else None
    return tag.connection, unit


def _requirements(execution: Execution) -> list[Condition]:
    try:
        return [
            parse_condition(each.text, execution.context.site.tags)
            for each in execution.action.requires
        ]
    except ConditionError as error:
        raise PermitRefused(f"a requirement cannot be evaluated: {error}") from None


def _tags(execution: Execution) -> list[Tag]:
    """Returns the tags of the fresh reading, or raises `PermitRefused`."""
    action, site = execution.action, execution.context.site
    names = {
        action.tag,
        *(each.tag for each in action.expected),
        *(name for each in _requirements(execution) for name in each.tags),
        *cross_tags(execution.context.across, execution.tag),
        *_effect_tags(execution),
    }
    if unknown := sorted(names - site.tags.keys()):
        raise PermitRefused(f"{', '.join(unknown)} is no tag of this site")
    return [site.tags[name] for name in sorted(names)]


async def _look(execution: Execution) -> list[str]:
    """Reads the plant, and returns the tags that are too old only because the reading was slow."""
    tags = _tags(execution)
    write_session = execution.open_write_session
    groups = by_connection(execution.context.site.measured(tags))
    own = groups.pop(execution.action.connection)
    execution.read_at, execution.read_s = execution.context.clock(), permit_clock_s()
    begun_s = monotonic()
    readings = dict(await write_session.read(own))
    for name, group in groups.items():
        readings |= await execution.readers[name].read(group)
    # The checks go by what the devices answered. A slow answer is no reason to look past it.
    computed = ComputedTags(execution.context.site, tags)
    execution.readings = computed.complete(_aged(execution, readings, begun_s))
    now = computed.complete(_aged(execution, readings, monotonic()))
    return [name for name, each in now.items() if each.status != execution.readings[name].status]


def _aged(
    execution: Execution, readings: Mapping[str, DataValue], at_s: float
) -> dict[str, DataValue]:
    """Returns the readings with the status that their age gives them at a monotonic time."""
    site = execution.context.site
    limits = {each.tag: each.max_age_s for each in execution.action.expected}
    return {
        name: aged(reading, at_s, limits.get(name, max_age_of(site, site.tags[name])))
        for name, reading in readings.items()
    }


def _check_expected(execution: Execution, expected: ExpectedReading) -> None:
    reading = execution.readings.get(expected.tag)
    tag = execution.context.site.tags[expected.tag]
    if reading is None or reading.quality is not Quality.GOOD or reading.scalar is None:
        status = reading.status.name if reading else "missing"
        raise InterlockActive(f"{expected.tag} cannot be relied on: {status}")
    if execution.action.undoes is not None:  # another value was written by another client
        expected = expected.model_copy(update={"tolerance": None})
    if not _is_near(reading.scalar, expected) and not _is_back(execution, expected, reading.scalar):
        raise InterlockActive(
            f"{expected.tag} reads {tag.show_value(reading.scalar)} {tag.unit}".rstrip()
            + f"; {expected.shown} was expected"
        )


def _is_near(value: object, expected: ExpectedReading) -> bool:
    wanted = expected.value
    if expected.tolerance is None:
        return type(value) is type(wanted) and value == wanted
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return False
    return abs(value - wanted) <= expected.tolerance


def _is_already_so(execution: Execution) -> bool:
    """Whether a command would write what its tag reads."""
    action, reading = execution.action, execution.readings.get(execution.action.tag)
    return action.kind == "command" and is_already(execution.tag, action.value, reading)


def _is_back(execution: Execution, expected: ExpectedReading, value: object) -> bool:
    """Whether an undo finds its tag at the value that it would write, as after a trip."""
    action = execution.action
    if action.undoes is None or expected.tag != action.tag:
        return False
    return _is_near(value, expected.model_copy(update={"value": action.value}))


def _check_limits(execution: Execution) -> None:
    for limit in execution.context.across:
        if denial := limit.denial(execution.readings, execution.tag, execution.action.value):
            raise InterlockActive(denial.reason)
    _check_step(execution)


def _check_step(execution: Execution) -> None:
    context, action = execution.context, execution.action
    present = execution.readings.get(action.tag)
    ruling = context.policy.judge(
        execution.tag, action.value, present, from_anywhere=execution.is_into_a_safe_state
    )
    if not ruling.is_allowed:
        raise PolicyViolation("; ".join(ruling.reasons))
    check_rates(execution, present.scalar if present else None)
