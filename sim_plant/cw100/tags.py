"""Tag list of the cooling-water skid, with the pump package on Modbus."""

from dataclasses import replace

from ..alarm import AlarmDefinition
from ..model import Encoding, Kind, Node, PlantEquipment, PlantTag, Register, Table
from ..pid import AUTO, MANUAL
from . import computed, sensors
from .control import loops
from .control.alarms import ALARMS
from .control.interlocks import TRIPS
from .process.pump import LOCAL, MAINTENANCE, REMOTE

LOOP_MODES = {"manual": MANUAL, "auto": AUTO}
PUMP_MODES = {"local": LOCAL, "remote": REMOTE, "maintenance": MAINTENANCE}

HAND_VALVE = {"closed": 0, "open": 1}

PUMP_OFFSET = {"P-101A": 0, "P-101B": 20}
_EQUIPMENT = {
    "Basin": "T-101", "Header": "PUMPS-101", "Exchanger": "E-101", "Tower": "CT-101",
    "Product": "E-101",
}  # fmt: skip


def _span(sensor: str) -> tuple[float, float]:
    known = sensors.BY_NAME[sensor]
    return known.low, known.high


def _pv(sensor: str, unit: str, folder: str, description: str) -> PlantTag:
    return PlantTag(
        f"{sensor}.pv", "float", Node(folder), description, unit, _span(sensor),
        equipment=_EQUIPMENT.get(folder, ""), trip=TRIPS.get(sensor, (None, None)),
    )  # fmt: skip


def _position(actuator: str, folder: str, description: str) -> PlantTag:
    attribute = "pv" if actuator.startswith("SC") else "pos"
    name = f"{actuator}.{attribute}"
    return PlantTag(
        name, "float", Node(folder), description, "%", (0.0, 100.0),
        equipment=_EQUIPMENT.get(folder, ""),
    )  # fmt: skip


def _loop(loop: str, unit: str, span: float, folder: str, what: str) -> tuple[PlantTag, ...]:
    node = Node(folder)
    limits = loops.SETPOINT_LIMITS[loop]
    percent = (0.0, 100.0)
    of = _EQUIPMENT.get(folder, "")
    return (
        PlantTag(f"{loop}.sp", "float", node, f"{what}, set point", unit, (0.0, span), limits, of),
        PlantTag(
            f"{loop}.op", "float", node, f"{what}, output", "%", percent, percent, of,
            is_command=True,
        ),
        PlantTag(
            f"{loop}.mode", "enum", node, f"{what}, mode",
            write=(MANUAL, AUTO), equipment=of, members=LOOP_MODES, is_command=True,
        ),
    )  # fmt: skip


def _product_loop() -> tuple[PlantTag, ...]:
    node, loop, of = Node("Product"), "FIC-201", _EQUIPMENT["Product"]
    span, percent = (0.0, 60.0), (0.0, 100.0)
    return (
        PlantTag(f"{loop}.sp", "float", node, "product flow, set point", "m3/h", span, span, of),
        PlantTag(
            f"{loop}.op", "float", node, "product flow, output", "%", percent, equipment=of
        ),
        PlantTag(
            f"{loop}.mode", "enum", node, "product flow, mode", equipment=of, members=LOOP_MODES
        ),
    )  # fmt: skip


def _pump(pump: str) -> tuple[PlantTag, ...]:
    base, side = PUMP_OFFSET[pump], pump[-1]

    def tag(
        name: str, kind: Kind, register: Register, text: str, unit: str = "",
        span: tuple[float, float] | None = None, write: tuple[float, float] | None = None,
    ) -> PlantTag:  # fmt: skip
        members = PUMP_MODES if kind == "enum" else {}
        trip = TRIPS.get(name.removesuffix(".pv"), (None, None))
        return PlantTag(name, kind, register, text, unit, span, write, pump, members, trip=trip)

    def at(table: Table, offset: int, encoding: Encoding = "bit") -> Register:
        return Register(table, base + offset, encoding)

    return (
        replace(
            tag(
                f"{pump}.run_cmd", "bool", at("coil", 0),
                f"cooling-water pump {side}: run command (level)", write=(0, 1),
            ),
            verbs={"true": "start", "false": "stop"},
            states={"true": "running", "false": "stopped"},
        ),
        replace(
            tag(
                f"{pump}.reset", "bool", at("coil", 1), f"trip of {pump}: reset (pulse)",
                write=(0, 1),
            ),
            verbs={"true": "reset"},
        ),
        tag(f"{pump}.running", "bool", at("discrete", 0), f"{pump} turns faster than 5 %"),
        tag(f"{pump}.tripped", "bool", at("discrete", 1), f"trip of {pump} latched"),
        tag(f"{pump}.available", "bool", at("discrete", 2), f"{pump} in remote and not tripped"),
        tag(
            f"{pump}.speed", "float", at("input", 0, "float32"), f"speed of {pump}", "%",
            (0.0, 100.0),
        ),
        tag(
            f"IT-101{side}.pv", "float", at("input", 2, "float32"), f"current of {pump}", "A",
            (0.0, 25.0),
        ),
        tag(
            f"VT-101{side}.pv", "float", at("input", 4, "float32"), f"vibration of {pump}",
            "mm/s", (0.0, 20.0),
        ),
        tag(
            f"TT-111{side}.pv", "float", at("input", 6, "float32"),
            f"bearing temperature of {pump}", "degC", (0.0, 120.0),
        ),
        tag(f"{pump}.run_time", "int", at("input", 8, "uint32"), f"run time of {pump}", "s"),
        tag(f"{pump}.starts", "int", at("input", 10, "uint32"), f"number of starts of {pump}"),
        tag(
            f"{pump}.trip_cause", "int", at("input", 12, "uint16"),
            f"trip cause of {pump}: 0 none, 1 to 7 interlock, 8 electrical, 9 start failure",
        ),
        tag(
            f"{pump}.mode", "enum", at("holding", 0, "uint16"), f"operating mode of {pump}",
            write=(1, 2),
        ),
    )  # fmt: skip


def _condition(alarm: AlarmDefinition) -> str:
    if alarm.tag.startswith("XA-"):
        what = alarm.measures.partition(".")[0]
        return f"{what} silent" if what == "PKG-101" else f"{what} bad or frozen"
    return f"{alarm.measures} {'high' if alarm.is_high else 'low'}"


TAGS: tuple[PlantTag, ...] = (
    _pv("LT-101", "%", "Basin", "basin level"),
    *_loop("LIC-101", "%", 100.0, "Basin", "basin level"),
    _position("LV-101", "Basin", "make-up valve position"),
    PlantTag(
        "PDT-101.pv", "float", Node("Basin"), "strainer differential pressure", "kPa",
        _span("PDT-101"), equipment="S-101",
    ),
    _pv("PT-102", "kPa", "Header", "header pressure"),
    *_loop("PIC-102", "kPa", 600.0, "Header", "header pressure to pump speed"),
    _pv("FT-103", "m3/h", "Header", "cooling-water flow"),
    _pv("TT-105", "degC", "Exchanger", "water leaving E-101"),
    _pv("TT-106", "degC", "Tower", "basin temperature"),
    *_loop("TIC-106", "degC", 50.0, "Tower", "basin temperature to fan"),
    _position("SC-106", "Tower", "fan speed"),
    _pv("FT-201", "m3/h", "Product", "product flow"),
    *_product_loop(),
    _position("FV-201", "Product", "product valve position"),
    _pv("TT-201", "degC", "Product", "product entering E-101"),
    _pv("TT-202", "degC", "Exchanger", "product leaving E-101"),
    *_loop("TIC-202", "degC", 100.0, "Exchanger", "product temperature to water valve"),
    _position("TV-202", "Exchanger", "water valve position"),
    *(
        PlantTag(
            f"{valve}.pos", "enum", Node("Exchanger"), text, equipment="E-101",
            members=HAND_VALVE,
        )
        for valve, text in (
            ("HV-105", "water inlet of E-101, by hand"),
            ("HV-106", "water outlet of E-101, by hand"),
            ("HV-107", "back-flush set of E-101, by hand"),
        )
    ),
    *(
        PlantTag(f"I-0{n}.active", "bool", Node("Interlocks"), f"interlock I-0{n}")
        for n in range(1, 8)
    ),
    *(
        PlantTag(
            f"{alarm.tag}.active", "bool", Node("Alarms"),
            f"{_condition(alarm)}: {alarm.response}",
        )
        for alarm in ALARMS
    ),
    *_pump("P-101A"),
    *_pump("P-101B"),
    PlantTag("HS-201.active", "bool", Node("Interlocks"), "field key of I-06, turned just now"),
    PlantTag("PKG-101.heartbeat", "int", Register("input", 40, "uint32"), "+1 every 0.5 s"),
    PlantTag("PKG-101.time", "int", Register("input", 42, "uint32"), "plant time", "s"),
    PlantTag("PKG-101.map_version", "int", Register("input", 44, "uint16"), "version of this map"),
)  # fmt: skip


def _pump_equipment(pump: str) -> PlantEquipment:
    side = pump[-1]
    return PlantEquipment(
        pump,
        path="CW/PUMPS-101",
        kind="pump",
        attributes={
            "vibration": f"VT-101{side}.pv",
            "bearing_temp": f"TT-111{side}.pv",
            "current": f"IT-101{side}.pv",
        },
        remote_when=f"{pump}.mode == 'remote'",
    )


EQUIPMENT: tuple[PlantEquipment, ...] = (
    PlantEquipment("PUMPS-101", path="CW", members=("P-101A", "P-101B")),
    _pump_equipment("P-101A"),
    _pump_equipment("P-101B"),
    PlantEquipment("E-101", path="CW", kind="exchanger", computed=computed.E_101),
    PlantEquipment("S-101", path="CW", kind="strainer", attributes={"dp": "PDT-101.pv"}),
    PlantEquipment("T-101", path="CW", kind="basin"),
    PlantEquipment("CT-101", path="CW", kind="tower"),
)
