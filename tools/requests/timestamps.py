"""Times in documents, and the boot clock, which cannot be set."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from handwheel.connectors.errors import HandwheelError

CLOCK_STEP_S = 2.0
"""Largest drift between wall and boot clock. With more, the wall clock counts as set."""

_NO_LINUX = "deciding and carrying out need the boot clock of Linux"
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_BOOT_ID_BYTES = 64


def stamp(time: datetime) -> str:
    """Returns a time in the form of documents, in UTC with milliseconds."""
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse_stamp(text: str) -> datetime:
    """Returns the time of a stamp. Any other form raises `ValueError`."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    if time.tzinfo is not UTC or stamp(time) != text:
        raise ValueError(f"{text!r} is no time in the form 2026-11-25T08:50:25.123Z")
    return time


def boot_id() -> str:
    """Returns the boot id, which each restart changes. Without Linux it raises `HandwheelError`."""
    try:
        file = os.open(_BOOT_ID, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(file, _BOOT_ID_BYTES).decode("ascii").strip()
        finally:
            os.close(file)
    except OSError:
        raise HandwheelError(_NO_LINUX) from None


def boot_ms() -> int:
    """Returns the milliseconds since boot, suspend included. Raises as `boot_id` does."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        raise HandwheelError(_NO_LINUX)
    return time.clock_gettime_ns(clock) // 1_000_000


@dataclass(frozen=True, slots=True)
class Instant:
    """Moment on the wall clock, which can be set, and on the boot clock."""

    wall: datetime
    boot_id: str
    boot_ms: int

    def since_s(self, earlier: "Instant") -> float | None:
        """Returns the seconds since an earlier moment, on the clock that shows more.

        `None` if they are not known: the machine restarted or the wall clock was set between.
        """
        wall_s = (self.wall - earlier.wall).total_seconds()
        boot_s = (self.boot_ms - earlier.boot_ms) / 1000.0
        if self.boot_id != earlier.boot_id or abs(wall_s - boot_s) > CLOCK_STEP_S:
            return None
        return max(wall_s, boot_s)


def instant_now() -> Instant:
    """Returns the present moment."""
    return Instant(datetime.now(UTC), boot_id(), boot_ms())
