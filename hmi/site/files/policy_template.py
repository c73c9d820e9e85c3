"""Initial policy of a site for a simulated plant."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantTag

# Shares of the plant's own write range: margin of the limits, width of the normal band around
# the present set point, largest step, and largest change in a minute.
_MARGIN = 0.15
_BAND = 0.15
_STEP = 0.10
_PER_MINUTE = 0.15
# The same where no controller can be put to manual: such a set point is the load or the feed
# itself, and a failing plant may need a third less of it at once.
_LOAD_STEP = 0.25
_LOAD_PER_MINUTE = 0.25

_FORBIDDEN = {"I-": "I-*", "ESD.": "ESD.*"}  # how the names of a safety system's tags begin

_ALARM = ".active"  # how the names of what the plant itself calls an alarm end
_SETPOINT_COOLDOWN = "60 s"
_COMMAND_COOLDOWN = "10 s"
_COMMANDS = ("run_cmd", "mode")


def is_pulse(tag: PlantTag) -> bool:
    """Returns whether the plant resets a command by itself, so that no readback is possible."""
    return "(pulse)" in tag.description


def policy_yaml(plant: Plant, *, is_unattended: bool) -> str:
    """Returns `policy.yaml` for a plant's set points and commands."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    commissioned = f"commissioned: {{by: init, on: {today}}}"
    lines = [
        f"# What may be written to {plant.model}. No matching rule denies; forbid wins;",
        "# the strictest of several rules holds.",
        "schema: policy/1",
        "roles: {field-operator: {}, operator: {acts_as: [field-operator]}, "
        "shift-supervisor: {acts_as: [operator]}}",
        "ttl_max: 30 min",
        f"unattended: {'simulated' if is_unattended else 'never'}",
        *_suspend(plant),
        *_section("forbid", _forbidden(plant)),
        *_section("allow", (*_setpoints(plant, commissioned), *_commands(plant, commissioned))),
        *_section("across", _across(plant)),
    ]
    return "\n".join(lines) + "\n"


def _suspend(plant: Plant) -> Iterator[str]:
    if any(tag.name.endswith(_ALARM) and tag.kind == "bool" for tag in plant.tags):
        yield f'suspend: {{alarms: ["*{_ALARM}"], more_than: 10, within: 10 min, disk: 200 MB}}'


def _section(name: str, rules: Iterable[str]) -> Iterator[str]:
    lines = [f"  - {{{rule}}}" for rule in rules]
    yield from (f"{name}:", *lines) if lines else (f"{name}: []",)


def _forbidden(plant: Plant) -> Iterator[str]:
    for beginning, pattern in _FORBIDDEN.items():
        if any(tag.name.startswith(beginning) for tag in plant.tags):
            yield f'tags: ["{pattern}"], reason: safety system'


def _setpoints(plant: Plant, commissioned: str) -> Iterator[str]:
    present = plant.measurements()
    modes = {tag.name for tag in plant.tags if tag.write and tag.name.endswith(".mode")}
    for tag in plant.tags:
        if not tag.name.endswith(".sp") or tag.write is None or tag.is_command:
            continue
        has_mode = f"{tag.name.removesuffix('.sp')}.mode" in modes
        step = _STEP if has_mode else _LOAD_STEP
        per_minute = _PER_MINUTE if has_mode else _LOAD_PER_MINUTE
        low, high = tag.write
        width, setpoint = high - low, float(present[tag.name])
        low, high = low + _MARGIN * width, high - _MARGIN * width
        band = max(low, setpoint - _BAND * width), min(high, setpoint + _BAND * width)
        yield (
            f"tags: [{tag.name}], class: R1, roles: [operator], "
            f"band: {_range(*band, tag.unit)}, limits: {_range(low, high, tag.unit)}, "
            f"max_step: {_quantity(step * width, tag.unit)}, "
            f"rate: {_quantity(per_minute * width, tag.unit)}/min, "
            f"cooldown: {_SETPOINT_COOLDOWN}, {commissioned}"
        )


def _range(low: float, high: float, unit: str) -> str:
    return f"{_quantity(low, unit)} .. {_quantity(high, unit)}"


def _quantity(number: float, unit: str) -> str:
    return f"{number:g} {unit}".rstrip()


def _commands(plant: Plant, commissioned: str) -> Iterator[str]:
    pumps = {item.name for item in plant.equipment if item.kind == "pump"}
    names = [
        tag.name
        for tag in plant.tags
        if tag.write and tag.equipment in pumps and tag.name.rpartition(".")[2] in _COMMANDS
    ]
    if names:
        yield (
            f"tags: [{', '.join(names)}], class: R2, roles: [operator], "
            f"cooldown: {_COMMAND_COOLDOWN}, {commissioned}"
        )
    yield from _single_moves(plant, commissioned)


def _single_moves(plant: Plant, commissioned: str) -> Iterator[str]:
    ending = f"cooldown: {_COMMAND_COOLDOWN}, {commissioned}"
    # An output of the pumps' own controller could stop them all.
    groups = {group for group, _ in _pump_groups(plant)}
    commands = [
        tag for tag in plant.tags if tag.is_command and tag.write and tag.equipment not in groups
    ]
    for tag in commands:
        if tag.kind == "float" and tag.write:
            limits = f"limits: {_range(*tag.write, tag.unit)}"
            yield f"tags: [{tag.name}], class: R2, roles: [operator], {limits}, {ending}"
    switches = [tag.name for tag in commands if tag.kind != "float"]
    if switches:
        yield f"tags: [{', '.join(switches)}], class: R2, roles: [operator], {ending}"


def _across(plant: Plant) -> Iterator[str]:
    for group, running in _pump_groups(plant):
        that = json.dumps(" or ".join(running))
        # Set points of the group, and what is of no equipment, are limited by the rules of allow.
        spared = [
            tag.name
            for tag in plant.tags
            if tag.write
            and (
                (tag.equipment in {"", group} and tag.name.endswith(".sp"))
                or (tag.equipment == "" and tag.is_command)
            )
        ]
        spare = f", except: [{', '.join(spared)}]" if spared else ""
        yield f"id: a-pump-runs, that: {that}, with: after{spare}"


def _pump_groups(plant: Plant) -> Iterator[tuple[str, list[str]]]:
    """Yields each group of two or more pumps with the tags that tell whether they run."""
    names = {tag.name for tag in plant.tags}
    pumps = [item.name for item in plant.equipment if item.kind == "pump"]
    for item in plant.equipment:
        running = [f"{member}.running" for member in item.members if member in pumps]
        if len(running) > 1 and names.issuperset(running):
            yield item.name, running
