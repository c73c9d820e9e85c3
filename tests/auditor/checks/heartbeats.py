"""Heartbeats: frames that nobody approves one by one, and the signed hand-over that bounds them."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from .decisions import Decisions
from .documents import NoDocument, digest, moment, parse
from .frames import NEVER, RESOLUTION, Frame
from .journal import Row

LAST = 32767
# Of an OPC UA WriteValue: attribute 13, no index range, a value and nothing else; then its type.
_VALUE = bytes.fromhex("0d000000ffffffff01")


@dataclass
class Span:
    """One heartbeat from its row `heartbeat.started` to its end."""

    seq: int
    equipment: str
    tag: str
    connection: str
    scopes: frozenset[str]
    signed: str  # what a hand-over that allows it begins with
    named: str  # and how it names it
    protocol: str
    port: int
    head: str  # every frame's bytes before the count, hexadecimal
    width: int  # bytes of the count
    every: timedelta
    start: datetime
    latest: datetime  # an interval after whatever was against it first
    why: str  # what that was
    end: datetime = NEVER
    late: int = 0  # how many frames may come after the end: nobody knew what became of them

    def is_at(self, frame: Frame) -> bool:
        """Whether a frame goes where this heartbeat is, whatever it says."""
        return (frame.protocol, frame.port) == (self.protocol, self.port) and (
            frame.wire.startswith(self.head)
        )

    def limit(self, at: datetime, why: str) -> None:
        if self.end == NEVER and at + self.every < self.latest:
            self.latest, self.why = at + self.every, why


class Heartbeats:
    """Reads the rows about heartbeats, and about what ends them."""

    def __init__(self, site: str, decisions: Decisions) -> None:
        self.spans: list[Span] = []
        self._site, self._decisions = site, decisions
        self._authority: dict[str, Mapping[str, Any]] = {}
        self._locked: set[str] = set()

    @property
    def _open(self) -> list[Span]:
        return [span for span in self.spans if span.end == NEVER]

    def follow(self, row: Row, gate: tuple[int, int] | None) -> Iterator[str]:
        """Reads any row; yields what is wrong with a heartbeat."""
        match row.kind:
            case "heartbeat.started":
                yield from self._start(row, gate)
            case "heartbeat.stopped":
                yield from self._stop(row)
            case "gate.started" | "gate.stopped":
                for span in self._open:
                    span.end, span.late = row.at + RESOLUTION, 1  # the one on its way
                    if row.kind == "gate.stopped":
                        yield f"the gate stopped, and the heartbeat of {span.equipment} did not"
            case _:
                self._against(row)

    def _against(self, row: Row) -> None:
        if row.kind in {"authority.given", "authority.taken"}:
            self._authority[row.subject] = row.body
            self._limit(row, {row.subject}, "authority changed")
        elif row.kind == "lockout.latched":
            self._locked.add(row.body["scope"])
            self._limit(row, {row.body["scope"]}, "it was locked out")
        elif row.kind == "lockout.released":
            self._locked.discard(row.body["scope"])
        elif row.kind == "gate.suspended":
            for span in self._open:
                if row.subject in {"site", span.connection}:
                    span.limit(row.at, "it was suspended")
        elif row.kind == "decision":
            for span in self._open:
                if not self._is_signed(span):
                    span.limit(row.at, "the key was revoked")

    def _limit(self, row: Row, scopes: set[str], why: str) -> None:
        for span in self._open:
            if span.scopes & scopes:
                span.limit(row.at, why)

    def _start(self, row: Row, gate: tuple[int, int] | None) -> Iterator[str]:
        span = _span(row, self._site)
        name = f"the heartbeat of {span.equipment}"
        if any(each.tag == span.tag for each in self._open):
            yield f"{name} begins a second time"
        self.spans.append(span)
        if gate is None or row.body["epoch"] != gate[0]:
            yield f"{name} is no newest gate's"
        if not self._is_signed(span):
            yield f"{name} begins, and no hand-over that counts names it"
        given = self._authority.get(row.body["scope"], {})
        said = ("AGENT", row.body["generation"], row.body["until"])
        if (given.get("mode"), given.get("generation"), given.get("until")) != said:
            yield f"{name} begins, and {row.body['scope']} is not handed over"
        modes = {self._authority.get(scope, {}).get("mode") for scope in span.scopes}
        if modes & {"LOCAL", "MAINTENANCE"}:
            yield f"{name} begins while somebody works there"
        if span.scopes & self._locked:
            yield f"{name} begins under a lockout"
        if row.at >= moment(row.body["until"]):
            yield f"{name} begins after its hand-over has ended"

    def _stop(self, row: Row) -> Iterator[str]:
        found = [span for span in self._open if span.equipment == row.subject]
        if not found:
            yield f"the heartbeat of {row.subject} stops and had not begun"
        for span in found:
            span.end, span.late = row.at + RESOLUTION, int(row.body["unanswered"])

    def _is_signed(self, span: Span) -> bool:
        for each in self._decisions.made:
            bare, _, named = each.subject.partition(":heartbeat=")
            if (each.verdict, bare) != ("grant-authority", span.signed) or each.flaw:
                continue
            is_void = self._decisions.is_revoked(each) or each.is_by_administrator
            if not is_void and span.named in named.split(","):
                return True
        return False

    def taken(self, frames: Iterable[Frame], faults: list[str]) -> list[Frame]:
        """Returns the frames that go to no heartbeat; of the others, judges each."""
        rest: list[Frame] = []
        counts: dict[int, list[int]] = {span.seq: [] for span in self.spans}
        for frame in sorted(frames, key=lambda each: each.at):
            there = [span for span in self.spans if span.is_at(frame)]
            if not there or not frame.is_by_gate:
                rest.append(frame)
            elif fault := self._judge(frame, there, counts):
                faults.append(f"frame {frame.n}: {fault}")
        for span in self.spans:
            faults += _rhythm_faults(span, counts[span.seq])
        return rest

    @staticmethod
    def _judge(frame: Frame, there: Sequence[Span], counts: Mapping[int, list[int]]) -> str:
        value = bytes.fromhex(frame.wire.removeprefix(there[0].head))
        count = int.from_bytes(value, "big" if frame.protocol == "modbus" else "little")
        if len(value) != there[0].width or count > LAST:
            return f"no count of a heartbeat goes to {there[0].tag}"
        for span in there:
            if span.start <= frame.at <= min(span.end, span.latest + RESOLUTION):
                counts[span.seq].append(count)
                return ""
        for span in there:
            if frame.at > span.end and span.late > 0:
                span.late -= 1
                return ""
        over = [span.why for span in there if span.latest + RESOLUTION < frame.at <= span.end]
        return f"{there[0].tag} is written outside its heartbeat" + (
            f": {over[0]} more than an interval before" if over else ""
        )


def _rhythm_faults(span: Span, counts: Sequence[int]) -> Iterator[str]:
    for before, after in pairwise(counts):
        if before == after:
            yield f"{span.tag} is written {after} twice: that tells nobody anything"
    if span.end != NEVER and len(counts) > (span.end - span.start) / span.every + 2:
        yield f"{span.tag} is written more often than every {span.every.total_seconds():g} s"


def _span(row: Row, site: str) -> Span:
    """Returns what a row begins; raises `NoDocument` if it does not hold together."""
    body = row.body
    said: Mapping[str, Any] = parse(body["text"])
    every_ms, where = said["every_ms"], urlsplit(str(said["where"]))
    named = f"{said['tag']}/{every_ms}ms/{digest('heartbeat', body['text'])[:32]}"
    if body["named"] != named or body["tag"] != said["tag"]:
        raise NoDocument("it is not the heartbeat that it names")
    if (said["schema"], said["site"], said["equipment"]) != ("heartbeat/1", site, row.subject):
        raise NoDocument("it is of another site or equipment")
    if body["scope"] not in said["scopes"] or where.port is None:
        raise NoDocument("it does not say what it is part of, or where it goes")
    head, width = head_of(body["protocol"], bytes.fromhex(body["wire"]), said["address"])
    until = moment(body["until"])
    every = timedelta(milliseconds=every_ms)
    return Span(
        row.seq, row.subject, said["tag"], said["connection"], frozenset(said["scopes"]),
        f"authority:{body['scope']}:{body['generation']}:{body['until']}", named,
        body["protocol"], where.port, head.hex(), width, every, row.at, until + every,
        "its hand-over ended",
    )  # fmt: skip


def head_of(protocol: str, wire: bytes, address: str) -> tuple[bytes, int]:
    """Returns the bytes before the count, and how many it has; the address is what was signed."""
    if protocol == "modbus":
        table, number, encoding = address.split(" ")
        if table != "holding" or encoding not in {"int16", "uint16"}:
            raise NoDocument(f"{address} is no place for a heartbeat")
        if wire[1:4] != struct.pack(">BH", 6, int(number)) or len(wire) != 6:
            raise NoDocument("the bytes are no write of that register")
        return wire[:4], 2
    start = wire.rfind(_VALUE) + len(_VALUE) + 1
    identifier = address.rpartition(";")[2].partition("=")[2].encode()
    if _VALUE not in wire or (";s=" in f";{address}" and identifier not in wire[:start]):
        raise NoDocument("the bytes are no write of that node")
    return wire[:start], len(wire) - start
