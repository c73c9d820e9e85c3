"""Site of the simulated plant with its operators, for the measurements of writes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from asyncua import ua
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import LOCK_FILE, Site, load_site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.opcua.encoder import OpcuaEncoder, Target
from handwheel.connectors.session.protocols import DeviceIdentity, Encoder
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.simulation.local_system.people import ADMIN, enroll_people
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
    read_lock,
    sign_release,
)
from handwheel.tools.requests.request import RunOrigin

People = Mapping[str, Signer]
PUMP, SETPOINT = "P-101B.run_cmd", "PIC-102.sp"
"""Written tags, a coil over Modbus and a set point over OPC UA."""
PUMPS = (PUMP, "P-101A.run_cmd")

RUN = RunOrigin(
    run_id="U-00000001", playbook="cw/change-over", version="1.0.0", digest="d" * 64,
    parameters={"duty": "P-101A", "standby": "P-101B"}, segment=1, max_duration_s=3600.0,
)  # fmt: skip
_STEPS = ("start", "raise", "undo:start", "undo:raise", "safe-state")
# Without these the second measurement would wait for the first one's cool-down.
_RATES = re.compile(r", (cooldown|rate|max_step): [^,}]+")


def make_site(
    place: Path, link: PlantEndpoints | None = None, secret: str = ""
) -> tuple[Site, People]:
    """Writes a site of `cw-100` with two operators, and a policy without rates."""
    write_site(place, create_plant("cw-100"), link or PlantEndpoints(), secret=secret)
    policy = place / "policy.yaml"
    policy.write_text(_RATES.sub("", policy.read_text(encoding="utf-8")), encoding="utf-8")
    keys: dict[str, Ed25519PrivateKey] = {}
    people = enroll_people(
        place,
        attended=True,
        make_key=lambda name: keys.setdefault(name, Ed25519PrivateKey.generate()),
    )
    site = load_site(place)
    _release(site, keys[ADMIN])
    return site, people


def _release(site: Site, key: Ed25519PrivateKey) -> None:
    """Releases the agents' playbook, so that one signature is enough for its requests."""
    writes = [
        write
        for step in _STEPS
        for write in (
            *(
                ReleasedWrite(step=step, tag=tag, value=value)
                for tag in PUMPS
                for value in (True, False)
            ),
            ReleasedWrite(step=step, tag=SETPOINT, range=[300.0, 400.0]),
        )
    ]
    unsigned = Unsigned(
        id=RUN.playbook, version=RUN.version, digest=RUN.digest,
        bindings=[ReleasedBinding(roles=RUN.parameters, writes=writes)],
    )  # fmt: skip
    operator = next(each for each in load_roster(site).operators if each.is_administrator)
    release = sign_release(unsigned, site.id, operator, key, operator.start)
    lock = site.root / LOCK_FILE
    lock.write_text(read_lock(site).replaced([release]).text, encoding="utf-8")


def readings(tags: Sequence[Tag]) -> dict[str, DataValue]:
    """Returns the readings of a plant that runs normally on the first pump."""
    now_s = monotonic()
    return {tag.name: DataValue(_value(tag), GOOD, None, None, now_s) for tag in tags}


def _value(tag: Tag) -> Value:
    match tag.kind:
        case "bool":
            return tag.name.startswith("P-101A.")
        case "enum":
            return 1
        case _:
            return 350.0


def encoder(site: Site, connection: str) -> Encoder:
    """Returns an encoder of writes for a device that does not exist."""
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        identity = DeviceIdentity("modbus", config.write_where, "a simulator", True, True)
        return ModbusEncoder(connection, config, identity)
    tags = {tag.name: tag for tag in site.tags.values() if tag.connection == connection}
    targets = {
        name: Target(ua.NodeId.from_string(f"ns=2;s={name}"), ua.VariantType.Double)
        for name in tags
    }
    where = DeviceIdentity("opcua", config.where, "urn:handwheel:sim:cw-100", True, True)
    return OpcuaEncoder(where, targets, tags)
