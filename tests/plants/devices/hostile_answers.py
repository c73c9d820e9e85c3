"""The ways in which a Modbus device answers, right and wrong, and how they are drawn."""

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from random import Random

from .hostile_modbus import Asked, Device, Kind, Line, Script, serving

_FLOOD = 2**20


def _right(_: Line, asked: Asked) -> Iterable[bytes]:
    return [asked.frame(asked.answer())]


def _pieces(line: Line, asked: Asked) -> Iterable[bytes]:
    frame = asked.frame(asked.answer())
    random = line.device.random
    cuts = sorted(random.sample(range(1, len(frame)), random.choice((1, 2, len(frame) - 1))))
    return [frame[start:end] for start, end in zip([0, *cuts], [*cuts, len(frame)], strict=True)]


def _merged(line: Line, asked: Asked) -> Iterable[bytes]:
    """Leaves in one segment with the next answer; alone, if there is none soon."""
    line.waiting = asked.frame(asked.answer())
    asyncio.get_running_loop().call_later(0.001, line.leave)
    return []


def _overtaken(line: Line, asked: Asked) -> Iterable[bytes]:
    line.later(0.001, asked.frame(asked.answer()))
    return []


def _late(line: Line, asked: Asked) -> Iterable[bytes]:
    line.later(line.device.late_s, asked.frame(asked.answer()))
    return []


def _one_by_one(line: Line, asked: Asked, transaction: int | None = None) -> Iterable[bytes]:
    """What a gateway to a serial line does: one after the other, each after its time."""
    now = asyncio.get_running_loop().time()
    line.free_s = max(line.free_s, now) + line.device.late_s
    line.later(line.free_s - now, asked.frame(asked.answer(), transaction))
    return []


def _old(line: Line, asked: Asked) -> Iterable[bytes]:
    return [line.device.random.choice(line.old) if line.old else asked.frame(b"\x83\x06", 0)]


def _old_as_0(line: Line, asked: Asked) -> Iterable[bytes]:
    """What a gateway does that has lost count: the last answer, under transaction 0."""
    return [bytes(2) + line.old[-1][2:] if line.old else asked.frame(asked.answer(), 0)]


def _short(_: Line, asked: Asked) -> Iterable[bytes]:
    return [asked.frame(bytes([asked.function, 2]) + asked.words(1))]


def _long(_: Line, asked: Asked) -> Iterable[bytes]:
    count = min(asked.count + 1, 126)
    return [asked.frame(bytes([asked.function, 2 * count]) + asked.words(count))]


def _false_count(line: Line, asked: Asked) -> Iterable[bytes]:
    size = line.device.random.choice((0, 1, 2 * asked.count - 1, 2 * asked.count + 2, 255)) & 0xFF
    return [asked.frame(bytes([asked.function, size]) + asked.words(asked.count))]


def _truncated(line: Line, asked: Asked) -> Iterable[bytes | None]:
    frame = asked.frame(asked.answer())
    return [frame[: line.device.random.randrange(len(frame))], None]


def _garbage(line: Line, asked: Asked) -> Iterable[bytes]:
    frame = asked.frame(asked.answer())
    return [line.device.random.randbytes(7) + frame[7:]]


def _flood(line: Line, asked: Asked) -> Iterable[bytes]:
    """Up to 1 MB of answers that nobody asked for, and then the right one."""
    size = _FLOOD if line.device.random.random() < 0.01 else line.device.random.randrange(1, 2**14)
    junk = b"".join(line.old) or asked.frame(asked.answer(), 0)
    return [(junk * (size // len(junk) + 1))[:size], asked.frame(asked.answer())]


def _other_function(_: Line, asked: Asked) -> Iterable[bytes]:
    """The same registers of the other table."""
    pdu = bytes([asked.function ^ 7]) + asked.pdu[1:]  # 4 for 3, and 3 for 4
    return [asked.frame(replace(asked, pdu=pdu).answer())]


def _other_unit(_: Line, asked: Asked) -> Iterable[bytes]:
    """The same registers of another unit."""
    other = replace(asked, unit=asked.unit + 1)
    return [other.frame(other.answer())]


def _other_transaction(_: Line, asked: Asked) -> Iterable[bytes]:
    """As many registers from another address on."""
    start = (asked.start + 2).to_bytes(2, "big")
    other = replace(asked, pdu=asked.pdu[:1] + start + asked.pdu[3:])
    return [asked.frame(other.answer(), asked.transaction ^ 0x101)]


KINDS: Mapping[str, Kind] = {
    "right": _right,
    "in pieces": _pieces,
    "two in a segment": _merged,
    "overtaken": _overtaken,
    "exception": lambda _, asked: [asked.frame(bytes([asked.function | 0x80, 6]))],
    "transaction 0": lambda _, asked: [asked.frame(asked.answer(), 0)],
    "old as 0": _old_as_0,
    "another transaction": _other_transaction,
    "old answer": _old,
    "another unit": _other_unit,
    "another function": _other_function,
    "exception to another": lambda _, a: [a.frame(bytes([a.function ^ 7 | 0x80, 2]))],
    "short": _short,
    "long": _long,
    "false byte count": _false_count,
    "twice": lambda _, asked: [asked.frame(asked.answer())] * 2,
    "flood": _flood,
    "truncated": _truncated,
    "hung up": lambda _, __: [None],
    "garbage": _garbage,
    "one by one": _one_by_one,
    "one by one as 0": lambda line, asked: _one_by_one(line, asked, 0),
    "late": _late,
    "silence": lambda _, __: [],
}
RIGHT = {"right", "in pieces", "two in a segment", "overtaken"}
SLOW = {"late", "silence"}
SCRIPTED = {"one by one", "one by one as 0"}
DRAWN = KINDS.keys() - SCRIPTED


def drawn(random: Random, hostile: float, slow: float, kinds: AbstractSet[str] = DRAWN) -> Script:
    """Draws the kinds: so many wrong ones, and so many late or none at all."""
    wrong = sorted(kinds - RIGHT - SLOW)

    def script(_: Asked) -> str:
        luck = random.random()
        if luck < slow:
            return random.choice(sorted(SLOW))
        if luck < slow + hostile:
            return random.choice(wrong)
        return "right" if luck < 0.8 else random.choice(sorted(RIGHT))

    return script


def hostile(
    script: Script, *, seed: int = 0, late_s: float = 0.1
) -> AbstractAsyncContextManager[Device]:
    """Serves a device that answers as the script says; see `serving`."""
    return serving(script, KINDS, seed=seed, late_s=late_s)
