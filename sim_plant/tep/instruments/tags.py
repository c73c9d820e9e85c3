"""Tag list with process and controllers on OPC UA, and the analysers on Modbus."""

from dataclasses import replace

from ...alarm_tags import alarm_tags
from ...model import Node, PlantEquipment, PlantTag, Register
from ..control.alarms import ALARMS
from ..control.loops import (
    AUTO,
    CASCADE,
    FLOW_LOOPS,
    HAND_STATIONS,
    MANUAL,
    OVERRIDE,
    OVERRIDE_TUNING,
)
from ..process.shutdown import CAUSES
from .measurements import ANALYSERS, analyser_tags, continuous_tags

_MASTER_MODES = {"manual": MANUAL, "auto": AUTO}
_SLAVE_MODES = {"manual": MANUAL, "auto": AUTO, "cascade": CASCADE}
_OVERRIDE_MODES = {"off": MANUAL, "on": AUTO}
_PERCENT = (0.0, 100.0)

FEEDS = "FEEDS"
# Production and composition are set by the four feeds.
_MOVE_FEEDS = (
    "PRODUCTION.", "AIC-", *(f"RATIO-{n}." for n in range(1, 5)),
    *(f"FIC-100{n}." for n in range(1, 5)),
)  # fmt: skip

Range = tuple[float, float]

# Set point: what it is of, unit, range; output: what it is, unit, range
_MASTERS: dict[str, tuple[str, str, Range, str, str, Range]] = {
    "PRODUCTION": ("production", "m3/h", (10.0, 40.0), "production index", "%", (40.0, 180.0)),
    "AIC-G": ("G in the product, mol%", "%", (5.0, 95.0), "grade trim", "", (-50.0, 50.0)),
    "AIC-A": ("A in A and C of the reactor feed", "%", (40.0, 80.0), "r1", "", (0.0, 0.05)),
    "AIC-AC": (
        "A and C in the reactor feed, mol%", "%", (40.0, 75.0), "r1 and r4", "", (0.0, 0.2),
    ),
    "PIC-1101": ("reactor pressure", "kPag", (2000.0, 2950.0), "r5", "", (0.0, 0.05)),
    "LIC-1101": (
        "reactor level", "%", (30.0, 100.0), "set point of TIC-1301", "degC", (0.0, 120.0),
    ),
    "LIC-1301": ("separator level", "%", (10.0, 100.0), "r6", "", (0.0, 0.5)),
    "LIC-1501": ("stripper level", "%", (10.0, 100.0), "r7", "", (0.0, 0.5)),
    "TIC-1101": ("reactor temperature", "degC", (100.0, 140.0), "V-1101", "%", _PERCENT),
}  # fmt: skip

# What the flow is, its unit, range of the ratio, and the valve
_FLOWS: dict[str, tuple[str, str, float, Range, str]] = {
    "FIC-1001": ("A feed", "kscmh", 1.2, (0.0, 0.05), "V-1001"),
    "FIC-1002": ("D feed", "kg/h", 6000.0, (0.0, 80.0), "V-1002"),
    "FIC-1003": ("E feed", "kg/h", 8500.0, (0.0, 120.0), "V-1003"),
    "FIC-1004": ("A and C feed", "kscmh", 16.0, (0.0, 0.2), "V-1004"),
    "FIC-1005": ("purge", "kscmh", 1.5, (0.0, 0.05), "V-1005"),
    "FIC-1301": ("separator underflow", "m3/h", 70.0, (0.0, 0.5), "V-1301"),
    "FIC-1501": ("product", "m3/h", 50.0, (0.0, 0.5), "V-1501"),
}

# XMV 1 to 12, in their order: valve, what it moves, its folder and equipment
VALVES: tuple[tuple[str, str, str, str], ...] = (
    ("V-1002", "D feed valve", "Feeds", ""),
    ("V-1003", "E feed valve", "Feeds", ""),
    ("V-1001", "A feed valve", "Feeds", ""),
    ("V-1004", "A and C feed valve", "Feeds", ""),
    ("V-1401", "recycle valve", "Compressor", "K-1401"),
    ("V-1005", "purge valve", "Separator", "D-1301"),
    ("V-1301", "separator liquid valve", "Separator", "D-1301"),
    ("V-1501", "product valve", "Stripper", "C-1501"),
    ("V-1502", "stripper steam valve", "Stripper", "C-1501"),
    ("V-1101", "reactor cooling-water valve", "Reactor", "R-1101"),
    ("V-1201", "condenser cooling-water valve", "Condenser", "E-1201"),
    ("SC-1101", "agitator speed", "Reactor", "R-1101"),
)


def _mode(
    name: str, members: dict[str, int], *, lowest: int = MANUAL, is_command: bool = True
) -> PlantTag:
    ends = (lowest, max(members.values()))
    return PlantTag(
        f"{name}.mode", "enum", Node("Control"), f"{name}, mode", write=ends, members=members,
        is_command=is_command,
    )  # fmt: skip


def _number(
    name: str, description: str, unit: str, span: Range, write: Range | None = None,
    *, is_command: bool = False,
) -> PlantTag:  # fmt: skip
    return PlantTag(
        name, "float", Node("Control"), description, unit, span, write, is_command=is_command
    )


def _master(name: str) -> tuple[PlantTag, ...]:
    what, unit, span, output, output_unit, output_span = _MASTERS[name]
    return (
        _number(f"{name}.sp", f"{what}, set point", unit, span, span),
        _number(f"{name}.op", f"{what}, output: {output}", output_unit, output_span, output_span),
        _mode(name, _MASTER_MODES),
    )


def _flow(name: str) -> tuple[PlantTag, ...]:
    what, unit, high, ratio_span, valve = _FLOWS[name]
    ratio, span = FLOW_LOOPS[name].ratio, (0.0, high)
    leads = f"{what} per percent of production, r{ratio[-1]}"
    return (
        _number(f"{ratio}.sp", leads, "", ratio_span, ratio_span, is_command=True),
        _number(f"{ratio}.op", f"set point that {ratio} gives {name}", unit, span),
        _mode(ratio, _SLAVE_MODES, lowest=AUTO),  # its own ratio is as good as manual
        _number(f"{name}.sp", f"{what}, set point", unit, span, span),
        _number(f"{name}.op", f"{what}, output: {valve}", "%", _PERCENT, _PERCENT),
        _mode(name, _SLAVE_MODES),
    )


def _valves(folder: str) -> tuple[PlantTag, ...]:
    return tuple(
        PlantTag(
            f"{valve}.pos", "float", Node(folder), f"{what}, position", "%", _PERCENT,
            equipment=equipment,
        )
        for valve, what, place, equipment in VALVES
        if place == folder
    )  # fmt: skip


_WORKING = "working set point: it follows the written one at the rate"
_CONTROL: tuple[PlantTag, ...] = (
    *(tag for name in _MASTERS for tag in _master(name)),
    _number("PRODUCTION.working", f"production, {_WORKING}", "m3/h", (10.0, 40.0)),
    _number("PRODUCTION.rate", "production, ramp of the set point, per hour", "m3/h",
            (0.0, 100.0), (0.0, 100.0)),
    _number("AIC-G.working", f"G in the product, {_WORKING}", "%", (5.0, 95.0)),
    _number("AIC-G.rate", "G in the product, ramp of the set point, per hour", "%",
            (0.0, 100.0), (0.0, 100.0)),
    _number(f"{OVERRIDE}.sp", "pressure override, set point", "kPag", (2000.0, 3100.0)),
    _number(f"{OVERRIDE}.op", "pressure override, what it takes off the production", "m3/h",
            (OVERRIDE_TUNING.low, OVERRIDE_TUNING.high)),
    _mode(OVERRIDE, _OVERRIDE_MODES, is_command=False),
    _number("AIC-A.pv", "A in A and C of the reactor feed", "%", _PERCENT),
    _number("AIC-AC.pv", "A and C in the reactor feed, mol%", "%", _PERCENT),
    _number("TIC-1301.sp", "separator temperature, set point", "degC", (0.0, 120.0), (40.0, 120.0)),
    _number("TIC-1301.op", "separator temperature, output: V-1201", "%", _PERCENT, _PERCENT),
    _mode("TIC-1301", _SLAVE_MODES),
    *(tag for name in _FLOWS for tag in _flow(name)),
    *(
        _number(f"{name}.op", f"hand station: {VALVES[xmv - 1][1]}", "%", _PERCENT, _PERCENT)
        for name, xmv in HAND_STATIONS.items()
    ),
)  # fmt: skip


def _owned(tag: PlantTag) -> PlantTag:
    """Returns a tag of the controllers with the equipment that it moves, where it is one."""
    return replace(tag, equipment=FEEDS) if tag.name.startswith(_MOVE_FEEDS) else tag


TAGS: tuple[PlantTag, ...] = (
    *(
        tag
        for folder in ("Feeds", "Reactor", "Condenser", "Separator", "Compressor", "Stripper")
        for tag in (*continuous_tags(folder), *_valves(folder))
    ),
    *map(_owned, _CONTROL),
    PlantTag("ESD.active", "bool", Node("ESD"), "the process is shut down"),
    PlantTag("ESD.cause", "enum", Node("ESD"), "what shut it down", members=CAUSES),
    *alarm_tags(ALARMS),
    *analyser_tags(),
    PlantTag(
        f"{ANALYSERS}.heartbeat", "int", Register("input", 40, "uint32"), "+1 every second",
        equipment=ANALYSERS,
    ),
    PlantTag(
        f"{ANALYSERS}.time", "int", Register("input", 42, "uint32"), "plant time", "s",
        equipment=ANALYSERS,
    ),
    PlantTag(
        f"{ANALYSERS}.map_version", "int", Register("input", 44, "uint16"), "version of this map",
        equipment=ANALYSERS,
    ),
)  # fmt: skip

EQUIPMENT: tuple[PlantEquipment, ...] = (
    PlantEquipment(
        "R-1101", "TEP", "reactor",
        attributes={
            "pressure": "PIAZ-1101.pv", "level": "LIAZ-1101.pv", "temperature": "TIAZ-1101.pv",
        },
    ),
    PlantEquipment("E-1201", "TEP", "condenser"),
    PlantEquipment(
        "D-1301", "TEP", "separator",
        attributes={"level": "LIAZ-1301.pv", "temperature": "TI-1301.pv"},
    ),
    PlantEquipment("K-1401", "TEP", "compressor", attributes={"power": "JI-1401.pv"}),
    PlantEquipment("C-1501", "TEP", "stripper", attributes={"level": "LIAZ-1501.pv"}),
    PlantEquipment(FEEDS, "TEP", "feed system"),
    PlantEquipment(ANALYSERS, "TEP", "analyser"),
)  # fmt: skip
