"""A site in memory: drafts of journal rows, decisions and frames, sealed when they are needed.

A test alters one draft; sealing then signs, hashes and chains everything anew, so that
nothing but what was altered is wrong.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .audit import Report, judge

SITE = "cw-demo"
NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
START = "0" * 64

Draft = dict[str, Any]
Alter = Callable[["World"], object]


def canonical(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _bytes(domain: str, text: str) -> bytes:
    return f"handwheel/{domain}/1\0{text}".encode()


def digest(domain: str, text: str) -> str:
    return sha256(_bytes(domain, text)).hexdigest()


def stamp(second: float) -> str:
    return (NOON + timedelta(seconds=second)).isoformat(timespec="milliseconds")[:-6] + "Z"


@dataclass(frozen=True)
class Person:
    """Somebody with a key made from the name, so that every run has the same one."""

    name: str
    roles: tuple[str, ...]

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @property
    def line(self) -> str:
        public = self.key.public_key()
        return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    @property
    def key_id(self) -> str:
        blob = base64.b64decode(self.line.split()[1])
        return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")

    def sign(self, domain: str, text: str) -> str:
        return self.key.sign(_bytes(domain, text)).hex()


CARLA = Person("carla", ("administrator",))
ANNA = Person("anna", ("operator",))
BEN = Person("ben", ("operator",))
MALLORY = Person("mallory", ("operator",))

START_B = "01050014ff00"
SETPOINT = "0302000a0000005049432d3130322e73700d000000ffffffff030a0000af4300000000"
MODE_A = "010600000002"
WHERE = {"modbus": "modbus://127.0.0.1:5021/1", "opcua": "opc.tcp://127.0.0.1:4840"}


@dataclass
class World:
    """Rows, frames and records as drafts; `now` is seconds after noon."""

    rows: list[Draft] = field(default_factory=list[Draft])
    frames: list[Draft] = field(default_factory=list[Draft])
    records: list[Draft] = field(default_factory=list[Draft])
    now: float = 0.0

    def row(self, kind: str, subject: str, **body: Any) -> Draft:
        self.now += 0.1
        draft = {"at": self.now, "kind": kind, "subject": subject, "body": body}
        self.rows.append(draft)
        return draft

    def enrol(self, person: Person, issuer: Person) -> None:
        self.records.append({"of": person, "by": issuer, "from": -3600, "until": 86400})

    def file(self, name: str, proposer: Person | None, wire: str, equipment: str) -> None:
        """Files one command; without a person an agent proposes, and two must approve."""
        kind = "opcua" if wire == SETPOINT else "modbus"
        action = {
            "action_id": f"{name}/c1",
            "kind": "command",
            "equipment": equipment,
            "identity": {"kind": kind, "where": WHERE[kind]},
            "wire": wire,
            "readback": "what.shows",
        }
        by = {"kind": "agent", "name": "planner"}
        if proposer is not None:
            by = {"kind": "person", "name": proposer.name, "key_id": proposer.key_id}
        self.row("request.filed", name)["request"] = {
            "schema": "request/1",
            "request_id": name,
            "site": SITE,
            "proposer": by,
            "roles": ["operator"],
            "quorum": 1 if proposer else 2,
            "within_s": {"f64": "409c200000000000"},
            "filed_at": stamp(self.now),
            "locks": {"site": 0, equipment: 0},
            "commands": [action],
            "recovery": [],
        }
        if proposer is None:
            self.rows[-1]["request"]["run"] = {
                "run_id": "U-00000001", "max_duration_s": {"f64": "40ac200000000000"},
            }  # fmt: skip
        if proposer is not None:
            self.decide(proposer, "propose", name)
        self.move("request", name, "PROPOSED", "PENDING")

    def decide(self, person: Person, verdict: str, name: str, **more: Any) -> None:
        """Signs a decision; `name` is a request, or with `subject` another thing's."""
        draft = self.row("decision", name, card="now → after")
        draft["by"] = person
        draft["decision"] = {
            "schema": "decision/1",
            "site": SITE,
            "verdict": verdict,
            "person": person.name,
            "key_id": person.key_id,
            "role": person.roles[0],
            "nonce": f"{len(self.rows)}",
            "signed_at": stamp(self.now),
            "valid_until": stamp(self.now + 60),
            **more,
        }

    def move(self, machine: str, subject: str, *states: str, **body: Any) -> None:
        for before, after in pairwise(states):
            self.row(f"{machine}.{after}", subject, **{"from": before, "to": after}, **body)

    def carry_out(self, name: str, wire: str, *, frame: bool = True) -> None:
        """Goes from APPROVED to VERIFIED with one frame."""
        action = f"{name}/c1"
        self.move("action", action, "PLANNED", "DUE", "CLAIMED")
        self.row("action.intent", action, wire=wire)
        self.move("action", action, "CLAIMED", "SENDING", wire=wire, epoch=1)
        if frame:
            self.frame(wire)
        self.move("action", action, "SENDING", "VERIFIED", readback="as sent")
        self.move("request", name, "APPROVED", "CLOSED")

    def frame(self, wire: str, **more: Any) -> None:
        head: Draft = {"at": self.now + 0.02}
        if wire == SETPOINT:
            head |= {"protocol": "opcua", "user": "gate", "service": "Write", "answer": ["Good"]}
            head |= {"body": f"01000000{wire}", "listener": 4840}
        else:
            head |= {"protocol": "modbus", "port": "gate", "answer": "ok"}
            head |= {"unit": int(wire[:2], 16), "pdu": wire[2:], "listener": 5021}
        self.frames.append(head | more)

    def call(self, *methods: str) -> None:
        """Adds an operator's call of OPC UA methods, accepted."""
        head: Draft = {"at": self.now, "protocol": "opcua", "user": "operator", "listener": 4840}
        items = [{"method": method} for method in methods]
        answer = ["Good" for _ in methods]
        self.frames.append(
            head | {"service": "Call", "body": "01", "items": items, "answer": answer}
        )

    def acknowledge(self) -> None:
        """Adds an operator's acknowledgement of an alarm."""
        self.call("i=9111")

    def find(self, kind: str, subject: str = "", verdict: str = "") -> Draft:
        """Returns the first row of a kind, of a subject or verdict if one is given."""
        return next(
            row
            for row in self.rows
            if row["kind"] == kind
            and row["subject"].startswith(subject)
            and row.get("decision", {}).get("verdict", "").startswith(verdict)
        )

    def request(self, name: str) -> Draft:
        """Returns what was filed under a name."""
        filed: Draft = self.find("request.filed", name)["request"]
        return filed

    def signed(self, name: str, verdict: str = "approve") -> Draft:
        """Returns what was signed first on a request."""
        decision: Draft = self.find("decision", name, verdict)["decision"]
        return decision

    def sign_as(self, person: Person, draft: Draft, **more: Any) -> None:
        """Lets another person have made a decision."""
        draft["by"] = person
        draft["decision"] |= {"person": person.name, "key_id": person.key_id, **more}

    def put(self, draft: Draft, before: Draft) -> None:
        """Puts a row, which may stand elsewhere, in front of another one."""
        if draft in self.rows:
            self.rows.remove(draft)
        draft["at"] = before["at"] - 0.01
        self.rows.insert(self.rows.index(before), draft)

    def drop(self, *wanted: str) -> None:
        """Takes away the first row of each kind and subject."""
        for each in wanted:
            self.rows.remove(self.find(*each.split()))

    def judged(self, acts_as: Mapping[str, Sequence[str]] | None = None) -> Report:
        """Returns what the judge finds, to whom carla is the first administrator."""
        return judge(*self.seal(), CARLA.key_id, acts_as)

    def seal(self) -> tuple[str, str, str]:
        """Returns the frame log, the export and `operators.yaml`."""
        rows = self._sealed_rows()
        head = {
            "export": "journal/1",
            "site": SITE,
            "rows": len(rows),
            "head": rows[-1]["hash"],
            "anchors": [f"{row['seq']} {row['hash']}" for row in rows[9::10]],
        }
        frames = [
            {**frame, "n": n, "wall": (NOON + timedelta(seconds=frame["at"])).isoformat()}
            for n, frame in enumerate(self.frames, start=1)
        ]
        export = "\n".join(canonical(line) for line in [head, *rows]) + "\n"
        return "".join(f"{json.dumps(frame)}\n" for frame in frames), export, self._operators()

    def _sealed_rows(self) -> list[Draft]:
        rows: list[Draft] = []
        digests: dict[str, str] = {}
        prev = START
        for seq, draft in enumerate(self.rows, start=1):
            body = dict(draft["body"])
            if "request" in draft:
                body["text"] = canonical(draft["request"])
                digests[draft["subject"]] = digest("request", body["text"])
                body["digest"] = draft.get("digest", digests[draft["subject"]])
            if "decision" in draft:
                of = digests.get(draft["subject"], "")
                self._sign(draft, body, {"head": prev} | ({"digest": of} if of else {}))
            row = {
                "seq": seq,
                "prev": prev,
                "at": stamp(draft["at"]),
                "boot_s": {"f64": "4059000000000000"},
                "boot_id": "b",
                "kind": draft["kind"],
                "subject": draft["subject"],
                "body": body,
            }
            prev = digest("journal", canonical(row))
            rows.append(row | {"hash": prev})
        return rows

    @staticmethod
    def _sign(draft: Draft, body: Draft, more: Draft) -> None:
        card = digest("card", body["card"])
        body["text"] = canonical(more | {"card": card} | draft["decision"])
        signature = draft["by"].sign("decision", body["text"])
        is_flipped = draft.get("is_flipped", False)
        body["signature"] = f"{int(signature[:2], 16) ^ is_flipped:02x}{signature[2:]}"

    def _operators(self) -> str:
        lines = ["schema: operators/1", "operators:"]
        for record in self.records:
            person, issuer = record["of"], record["by"]
            fields = {
                "person": person.name,
                "roles": sorted(person.roles),
                "key": person.line,
                "from": stamp(record["from"]),
                "until": stamp(record["until"]),
                "issuer": issuer.key_id,
            }
            document = fields | {"schema": "enrolment/1", "site": SITE}
            signature = issuer.sign("enrolment", canonical(document))
            lines.append(f"  - {json.dumps(fields | {'signature': signature})}")
        return "\n".join(lines) + "\n"


def good_world() -> World:
    """Three approved actions, over both protocols, the last of them by two people."""
    world = World()
    world.enrol(CARLA, CARLA)
    world.enrol(ANNA, CARLA)
    world.enrol(BEN, CARLA)
    world.row("gate.started", "gate", epoch=1, pid=4711)
    world.file("R-1", ANNA, START_B, "P-101B")
    world.decide(BEN, "approve", "R-1")
    world.move("request", "R-1", "PENDING", "APPROVED")
    world.carry_out("R-1", START_B)
    world.file("R-2", BEN, SETPOINT, "PUMPS-101")
    world.decide(ANNA, "approve", "R-2")
    world.move("request", "R-2", "PENDING", "APPROVED")
    world.carry_out("R-2", SETPOINT)
    world.file("R-3", None, MODE_A, "P-101A")
    world.decide(ANNA, "approve", "R-3")
    world.move("request", "R-3", "PENDING", "PARTIAL")
    world.decide(BEN, "approve", "R-3")
    world.move("request", "R-3", "PARTIAL", "APPROVED")
    world.carry_out("R-3", MODE_A)
    return world


def check_each(make: Callable[[], World], faults: Iterable[tuple[str, Alter]]) -> None:
    """Asserts that the judge sees each single thing that is wrong with a good world."""
    for sentence, alter in faults:
        world = make()
        alter(world)
        report = world.judged()
        assert any(sentence in fault for fault in report.faults), (sentence, report)
