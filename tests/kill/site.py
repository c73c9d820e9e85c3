"""What a kill run is made of: a site for the lossy device, and its people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.signatures.playbooks_lock import Unsigned

from ..auditor.audit import Report, judge
from ..command_line import handwheel
from ..sites.released import all_writes, signed, write_lock

ADMINISTRATOR, PROPOSER, APPROVER = "carla", "anna", "ben"
PLAYBOOK = ("test/start", "1.0.0", "d" * 64, dict[str, str]())
"""Playbook that no file has: its id, version, digest and equipment."""
ROLES = {ADMINISTRATOR: "administrator", PROPOSER: "operator", APPROVER: "operator"}

_NOBODY_LISTENS = 1
_POLICY = """\
schema: policy/1
roles: {operator: {}}
ttl_max: 30 min
unattended: simulated
allow:
  - tags: [P-101A.run_cmd, P-101B.run_cmd]
    class: R2
    roles: [operator]
    commissioned: {by: harness, on: 2026-11-25}
"""


def link_of_ports(modbus: int, gate: int) -> PlantEndpoints:
    """A link to the device alone: nothing listens where OPC UA should."""
    return PlantEndpoints(_NOBODY_LISTENS, modbus, "50 ms", gate, unattended=True)


@dataclass(frozen=True)
class World:
    """The folders of a run."""

    root: Path

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def state(self) -> Path:
        return self.site / "var"

    @property
    def frames(self) -> Path:
        return self.root / "frames.jsonl"

    def make(self, modbus: int, gate: int) -> None:
        """Writes the site, of the package's tags alone, and enrols its people."""
        write_site(self.site, create(None), link_of_ports(modbus, gate))
        (self.site / "policy.yaml").write_text(_POLICY, encoding="utf-8")
        self.enroll()
        edit(self.site / "tags.yaml", lambda line: "" if "connection: dcs" in line else line)
        # What is on it, read from it or computed from it.
        gone = ("  dcs:", "  S-101:", "clock:", "    computed:", "      ")
        edit(self.site / "site.yaml", lambda line: "" if line.startswith(gone) else line)
        edit(
            self.site / "site.yaml",
            lambda line: line.replace("kind: modbus,", "kind: modbus, timeout: 300 ms,"),
        )
        self.release(lambda site: [all_writes(site, PLAYBOOK)])

    def release(self, unsigned: Callable[[Site], list[Unsigned]]) -> None:
        """Releases playbooks, signed by the administrator."""
        site, key = load_site(self.site), self.key(ADMINISTRATOR)
        write_lock(site, [signed(site, each, ADMINISTRATOR, key) for each in unsigned(site)])

    def enroll(self) -> None:
        """Enrols the people of a site that has nobody yet.

        The keys lie there in the clear: opening a real one costs half a second at each start
        of the terminal.
        """
        keys = {person: PrivateKey.generate() for person in ROLES}
        for person, key in keys.items():
            (self.root / f"{person}.key").write_bytes(key.private_bytes_raw())
        issuer, day = keys[ADMINISTRATOR], timedelta(days=1)
        start, end = datetime.now(UTC) - day, datetime.now(UTC) + day
        records = [
            make_record(
                self.site.name, Enrolment(person, (role,), start, end), keys[person], issuer
            )
            for person, role in ROLES.items()
        ]
        (self.site / "operators.yaml").write_text(operators_text(records), encoding="utf-8")
        root = f'trust: {{root: "{fingerprint(issuer.public_key())}"}}\nstate: var/'
        edit(self.site / "site.yaml", lambda line: line.replace("state: var/", root))

    def key(self, person: str) -> PrivateKey:
        return PrivateKey.from_private_bytes((self.root / f"{person}.key").read_bytes())

    def export(self) -> str:
        """Returns what `journal export` prints."""
        result = handwheel("journal", "export", "--site", str(self.site))
        assert result.returncode == 0, result.stderr
        return result.stdout

    def audited(self) -> list[str]:
        """Returns what our own auditor has against the journal."""
        result = handwheel("journal", "verify", "--site", str(self.site))
        said = f"our own auditor: {result.stdout}{result.stderr}"
        return [said] if result.returncode else []

    def judged(self, export: str) -> Report:
        """Returns the witness's verdict on the device's frames and this export."""
        frames = self.frames.read_text(encoding="utf-8") if self.frames.exists() else ""
        return self.judged_by(frames, export)

    def judged_by(self, frames: str, export: str) -> Report:
        """Returns the witness's verdict on some of the device's frames and an export."""
        operators = (self.site / "operators.yaml").read_text(encoding="utf-8")
        return judge(frames, export, operators, fingerprint(self.key(ADMINISTRATOR).public_key()))


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Rewrites a file line by line."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(map(change, lines)), encoding="utf-8")
