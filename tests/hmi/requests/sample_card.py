"""A request, the plant beside it, and the card of both."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import Any

from handwheel.connectors.model.endpoints import ConnectionConfig, ModbusConnection, ReadPort
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.cards.build_card import PolicyFindings, make_card
from handwheel.tools.guardrails.approval.cards.card_model import Card, CardOrder, CardSigner
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot, Reading
from handwheel.tools.guardrails.signatures.request_class import RequestClass
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant, stamp

FILED = datetime(2026, 11, 25, 8, 50, 25, 123000, tzinfo=UTC)
DIGEST = "ab" * 32
MODES = {"local": 0, "remote": 1, "maintenance": 2}
TAGS = {
    tag.name: tag
    for tag in (
        Tag(
            "P-101B.run_cmd", "pkg", "bool", RegisterAddress("coil", 20, "bit"), writable=True,
            readback="P-101B.run_cmd",
            label="cooling-water pump B", verbs={"true": "start", "false": "stop"},
            states={"true": "running", "false": "stopped"},
        ),
        Tag(
            "P-101B.mode", "pkg", "enum", RegisterAddress("holding", 20, "uint16"),
            members=MODES, writable=True,
        ),
        Tag(
            "VT-101A.pv", "pkg", "float", RegisterAddress("input", 60, "float32"),
            "mm/s", (0.0, 25.0), label="vibration of P-101A",
        ),
        Tag(
            "VAH-101A.active", "pkg", "bool", RegisterAddress("discrete", 9, "bit"),
            label="VT-101A high",
        ),
        Tag(
            "PIC-102.sp", "pkg", "float", RegisterAddress("holding", 40, "float32"),
            "kPa", (0.0, 600.0), writable=True, readback="PIC-102.sp",
        ),
    )
}  # fmt: skip
CONNECTIONS: dict[str, ConnectionConfig] = {
    "pkg": ModbusConnection(kind="modbus", host="127.0.0.1", read=ReadPort(port=5020))
}
DEVICE = {
    "kind": "modbus", "where": "modbus://127.0.0.1:5021/1", "name": "Handwheel cw-100 1",
    "is_loopback": True, "is_simulator": True,
}  # fmt: skip
WIRE = "01100028000204" + "43af0000"
READINGS = {
    "P-101B.run_cmd": Reading(value=False, shown="false", status=0, age_s=0.2),
    "P-101B.mode": Reading(value=1, shown="remote", status=0, age_s=0.2),
    "PIC-102.sp": Reading(value=350.0, shown="350", status=0, age_s=0.3),
    "VT-101A.pv": Reading(value=5.6, shown="5.6", status=0, age_s=0.3),
    "VAH-101A.active": Reading(value=True, shown="true", status=0, age_s=0.3),
}

RUN: dict[str, Any] = {
    "run_id": "U-7K3MQ2XA", "playbook": "cw/change-over", "version": "1", "digest": DIGEST,
    "parameters": {"standby": "P-101B", "high": "5 mm/s"}, "segment": 2,
    "max_duration_s": 3600.0,
}  # fmt: skip


def start() -> dict[str, Any]:
    """Starting P-101B; its stop takes it back where that is asked for as well."""
    return _action("c1", "P-101B.run_cmd", True, "true", "01050014ff00", "coil 20 bit", "bool") | {
        "expected": [_expected("P-101B.run_cmd", False, "false")],
        "requires": [{"text": "P-101B.mode == 'remote'", "why": "remote_when"}],
        "undo": "R-7K3MQ2XA/u1",
    }


def stop() -> dict[str, Any]:
    return _action(
        "u1", "P-101B.run_cmd", False, "false", "010500140000", "coil 20 bit", "bool"
    ) | {"undoes": "R-7K3MQ2XA/c1"}


def lower() -> dict[str, Any]:
    """Lowering a set point, for good."""
    wire = "01100028000204" + "43aa0000"
    return _action(
        "c2", "PIC-102.sp", 340.0, "340", wire, "holding 40 float32", "float", "E-101"
    ) | {
        "unit": "kPa",
        "expected": [_expected("PIC-102.sp", 350.0, "350", tolerance=1.5)],
        "readback": None,
    }  # fmt: skip


def ramp() -> list[dict[str, Any]]:
    """Lowering a set point by 30 kPa in six writes, 30 s apart."""
    return [
        lower() | {
            "action_id": f"R-7K3MQ2XA/c{n}", "value": 350.0 - 5.0 * n, "shown": f"{350 - 5 * n}",
            "wire": f"01100028000204{pack('>f', 350.0 - 5.0 * n).hex()}",
            "readback": "PIC-102.sp",
            "expected": [_expected("PIC-102.sp", 355.0 - 5.0 * n, f"{355 - 5 * n}", tolerance=1.5)],
            "step": "lower", **({"after_s": 30.0} if n > 1 else {}),
        }
        for n in range(1, 7)
    ]  # fmt: skip


def _action(
    name: str, tag: str, value: Value, shown: str, wire: str, address: str, kind: str,
    equipment: str = "P-101B",
) -> dict[str, Any]:  # fmt: skip
    return {
        "action_id": f"R-7K3MQ2XA/{name}",
        "kind": "recovery" if name.startswith("u") else "command",
        "equipment": equipment, "tag": tag, "connection": "pkg", "identity": DEVICE,
        "address": address, "wire": wire, "type": kind, "value": value, "shown": shown,
        "expected": [], "requires": [], "readback": tag, "within_s": 2.0,
    }  # fmt: skip


def _expected(tag: str, value: Value, shown: str, **more: float) -> dict[str, Any]:
    return {"tag": tag, "value": value, "shown": shown, "max_age_s": 1.5, **more}


def request(**changes: Any) -> ActionRequest:
    document: dict[str, Any] = {
        "schema": "request/1", "request_id": "R-7K3MQ2XA", "proposal_key": DIGEST,
        "site": "cw-demo",
        "proposer": {"kind": "person", "name": "anna", "key_id": "SHA256:cGFwZXIga2V5"},
        "reason": "P-101A vibrates, change over before the night shift",
        "risk_class": "R2", "roles": ["operator"], "quorum": 1, "within_s": 1800.0,
        "filed_at": stamp(FILED), "locks": {"site": 0, "P-101B": 0, "PUMPS-101": 0},
        "hashes": {"site": DIGEST, "tags": DIGEST, "policy": DIGEST},
        "commands": [start()], "recovery": [],
    }  # fmt: skip
    fields: dict[str, Any] = document | changes
    back = [each["action_id"] for each in fields["recovery"]]
    fields["commands"] = [
        each | {"undo": each.get("undo") if each.get("undo") in back else None}
        for each in fields["commands"]
    ]
    return ActionRequest.model_validate(fields)


def asked_by_run(**changes: Any) -> ActionRequest:
    """The second request of a run, with everything that only a run has."""
    if_cold = {"text": "PIC-102.sp < 300 kPa", "why": "if"}
    earlier = _action(
        "u2", "P-101B.mode", 0, "local", "010600140000", "holding 20 uint16", "enum"
    ) | {"undoes": "R-00000001/c1", "step": "to-remote", "requires": [if_cold]}
    safe = _action("u3", "PIC-102.sp", 350.0, "350", WIRE, "holding 40 float32", "float", "E-101")
    first = start() | {
        "step": "start-standby", "promises": ["P-101B.run_cmd within 30 s"],
        "requires": [
            {"text": "P-101B.mode == 'remote'", "why": "permissive remote"},
            {"text": "PIC-102.sp > 300 kPa", "why": "invariant"},
        ],
    }  # fmt: skip
    fields = {
        "commands": [first, lower() | {"step": "less"}],
        "recovery": [
            stop() | {"step": "start-standby", "requires": [if_cold]},
            earlier,
            safe | {"unit": "kPa", "step": "any-pump"},
        ],
        "evidence": [
            evidence("VAH-101A", "trigger", "VAH-101A.active", "VAH-101A.active is true"),
            evidence("shakes", "for", "VT-101A.pv > 5 mm/s", "VT-101A.pv is 5.4 mm/s"),
            evidence("rises", "for", "rate(VT-101A.pv, 30 min) > 0.1 mm/s/h",
                     "VT-101A.pv is 5.4 mm/s, rate(VT-101A.pv, 30 min) is 3.24 mm/s/h"),
            evidence("low", "against", "PIC-102.sp < 300 kPa", "PIC-102.sp is 350 kPa"),
            evidence("remote", "permissive", "P-101B.mode == 'remote'", "P-101B.mode is remote"),
        ],
        "supersedes": "R-00000001", "run": RUN,
        "proposer": {
            "kind": "agent", "name": "control agent", "os_user": "wheel", "model": "a-model",
            "prompt_hash": "5e" * 32,
        },
    }  # fmt: skip
    return request(**fields | changes)


def evidence(name: str, side: str, text: str, values: str, **changes: Any) -> dict[str, Any]:
    truth = "false" if side == "against" else "true"
    return {
        "id": name, "side": side, "text": text, "truth": truth, "shown": f"{text}  [{values}]",
        "source": "change-over.yaml:31", **changes,
    }  # fmt: skip


def instant(after_s: float) -> Instant:
    return Instant(FILED + timedelta(seconds=after_s), "a boot", int(after_s * 1000.0))


def picture(readings: Mapping[str, Reading] = READINGS, passed_s: float = 0.2) -> PlantSnapshot:
    """The picture of readings that were confirmed some time earlier."""
    aged = {
        name: each.model_copy(update={"age_s": round(each.age_s + passed_s, 3)})
        for name, each in readings.items()
    }
    return PlantSnapshot(epoch=3, locked=[], hashes={}, readings=aged)


def card(
    asked: ActionRequest | None = None,
    seen: PlantSnapshot | None = None,
    *,
    after_s: float = 48.0,
    signed: tuple[CardSigner, ...] = (),
    class_reason: str = "",
    unreleased: str = "",
    blocking_reasons: tuple[str, ...] = (),
    ordered: CardOrder | None = None,
) -> Card:
    """The card of a request 48 s after it was filed."""
    asked = asked or request()
    class_reason = class_reason or f"policy.yaml:16 sets it for {asked.commands[0].tag}"
    raised = RequestClass("R3", 2, unreleased) if unreleased else None
    return make_card(
        asked,
        tags=TAGS,
        connections=CONNECTIONS,
        snapshot=seen or picture(passed_s=after_s - 47.8),
        now=instant(after_s),
        signed=signed,
        policy=PolicyFindings(
            {"PIC-102.sp": "limits 280 to 420 kPa"}, class_reason, blocking_reasons, raised
        ),
        ordered=ordered,
    )


def read(tag: str, **changes: Any) -> dict[str, Reading]:
    """The plant with one reading changed."""
    return READINGS | {tag: READINGS[tag].model_copy(update=changes)}
