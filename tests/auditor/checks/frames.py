"""The frames that reached the device, and the actions that they belong to."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .documents import NoDocument
from .requests import NOT_SENT, ActionTrace

# Plant and gate go by one machine's clock: a frame is stamped between the clock's look for its
# intent and the one for its outcome. The journal cuts its times to the millisecond.
RESOLUTION = timedelta(milliseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)

# What only looks: a device may log that it was asked, and it is no frame of ours.
_HARMLESS = {1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43}
_WRITES = {5, 6, 15, 16, 21, 22, 23}
_CHANGING = {"Write", "Call", "HistoryUpdate", "AddNodes", "AddReferences", "DeleteNodes",
             "DeleteReferences"}  # fmt: skip
_ACKNOWLEDGE = "i=9111"  # of an alarm: moves nothing


@dataclass(frozen=True)
class Frame:
    """A write that the device got; `n` is its line in the log.

    `wire` is the unit and the PDU, or the one `WriteValue` of an OPC UA request; other
    requests of OPC UA keep their whole body and so fit no action.
    """

    n: int
    at: datetime
    protocol: str
    port: int
    wire: str
    is_by_gate: bool
    is_accepted: bool

    @property
    def target(self) -> tuple[str, int, str]:
        return self.protocol, self.port, self.wire


def read_frames(text: str) -> Iterator[Frame]:
    """Yields the frames of a log that could move something, in the order of arrival."""
    for n, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            frame = (_modbus if entry["protocol"] == "modbus" else _opcua)(n, entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoDocument(f"line {n} of the frame log cannot be read: {error!r}") from None
        if frame is not None:
            yield frame


def _modbus(n: int, entry: Mapping[str, Any]) -> Frame | None:
    pdu = bytes.fromhex(entry["pdu"])
    is_accepted = entry["answer"] == "ok"
    is_ours = pdu[0] in _WRITES or (is_accepted and pdu[0] not in _HARMLESS)
    is_by_gate = entry["port"] == "gate"
    if not is_ours or not (is_by_gate or is_accepted):
        return None
    wire = bytes([entry["unit"]]) + pdu
    port = entry["listener"]
    return Frame(n, _wall(entry), "modbus", port, wire.hex(), is_by_gate, is_accepted)


def _opcua(n: int, entry: Mapping[str, Any]) -> Frame | None:
    is_accepted = any(code == "Good" for code in entry["answer"])
    is_by_gate = entry["user"] == "gate"
    if not is_accepted and not (is_by_gate and entry["service"] in _CHANGING):
        return None
    if entry["service"] == "Call" and all(
        each["method"] == _ACKNOWLEDGE for each in entry.get("items", [{"method": ""}])
    ):
        return None
    body: str = entry["body"]
    is_single = entry["service"] == "Write" and body.startswith("01000000")
    wire = body[8:] if is_single else body
    port = entry["listener"] if entry["service"] == "Write" else 0
    return Frame(n, _wall(entry), "opcua", port, wire, is_by_gate, is_accepted)


def _wall(entry: Mapping[str, Any]) -> datetime:
    time = datetime.fromisoformat(entry["wall"])
    if time.tzinfo is None:
        raise NoDocument(f"{entry['wall']} has no zone")
    return time


def matched(
    frames: Iterable[Frame], traces: Sequence[ActionTrace], faults: list[str]
) -> list[tuple[Frame, ActionTrace]]:
    """Gives each frame its own action, by port, bytes and time; what has none is a fault."""
    ends = _ends(traces)
    pairs: list[tuple[Frame, ActionTrace]] = []
    taken: set[str] = set()
    for frame in sorted(frames, key=lambda each: each.at):
        if not frame.is_by_gate:
            faults.append(f"frame {frame.n}: somebody else than the gate has written")
            continue
        same = [trace for trace in traces if trace.action.target == frame.target]
        fitting = [trace for trace in same if _fits(frame, trace, ends)]
        free = [trace for trace in fitting if trace.name not in taken]
        if not free:
            faults.append(f"frame {frame.n}: {_why_none(frame, traces, same, fitting)}")
            continue
        trace = min(free, key=lambda each: not each.was_sent)  # what says it was not comes last
        taken.add(trace.name)
        pairs.append((frame, trace))
    return pairs


def _ends(traces: Sequence[ActionTrace]) -> Mapping[str, datetime]:
    """Until when a frame may come: the outcome, or the next sending of the same bytes there.

    A frame whose answer was lost may be executed after the gate has given up.
    """
    ends: dict[str, datetime] = {}
    for trace in traces:
        later = (
            other.sent_at
            for other in traces
            if other.sent_seq > trace.sent_seq
            and other.sent_at is not None
            and other.action.target == trace.action.target
        )
        if trace.ended_at is None or trace.outcome == "UNKNOWN":
            ends[trace.name] = min(later, default=NEVER)
        else:
            ends[trace.name] = trace.ended_at + RESOLUTION
    return ends


def _fits(frame: Frame, trace: ActionTrace, ends: Mapping[str, datetime]) -> bool:
    if trace.sent_at is None:
        return False
    return trace.sent_at <= frame.at <= ends[trace.name]


def _why_none(
    frame: Frame,
    traces: Sequence[ActionTrace],
    same: Sequence[ActionTrace],
    fitting: Sequence[ActionTrace],
) -> str:
    if fitting:
        return f"the frame of {fitting[-1].name} a second time"
    if not same:
        elsewhere = [each for each in traces if each.action.wire == frame.wire]
        if elsewhere:
            return f"{elsewhere[-1].name} has these bytes for another port than {frame.port}"
        return "foreign, no request holds these bytes"
    sent = [trace for trace in same if trace.sent_at is not None]
    if sent:
        return f"{sent[-1].name} has these bytes and was sent at another time"
    trace = same[-1]
    if trace.state in NOT_SENT:
        return f"{trace.name} has these bytes and is {trace.state}: it says that it was not sent"
    return f"{trace.name} has these bytes and no row SENDING stands before it"


def outcome_faults(
    pairs: Sequence[tuple[Frame, ActionTrace]], traces: Sequence[ActionTrace]
) -> Iterator[str]:
    """Yields where the frames do not bear out what the journal says of an action."""
    frames = {trace.name: frame for frame, trace in pairs}
    for trace in traces:
        frame = frames.get(trace.name)
        if trace.state == "VERIFIED" and (frame is None or not frame.is_accepted):
            yield f"{trace.name} is VERIFIED and no frame was accepted"
        if trace.state == "REFUSED" and frame is not None:
            if not trace.was_sent:
                yield f"frame {frame.n}: {trace.name} says that it was not sent"
            elif frame.is_accepted:
                yield f"frame {frame.n}: {trace.name} is REFUSED and the device accepted it"
        if trace.state in NOT_SENT and frame is not None:
            yield f"frame {frame.n}: {trace.name} is {trace.state}: it says that it was not sent"
