"""Clocks of a trial, one of which its caller moves."""

from datetime import UTC, datetime, timedelta

from handwheel.tools.requests.timestamps import Instant, instant_now

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""Wall time at which a room begins if nothing else is said."""

_UP_MS = 1_000_000  # of a machine that was started before the room
_UP_AGAIN_MS = 20_000  # of a machine that has just been started
_REBOOT_S = 40.0


class SteppedClock:
    """Wall clock and boot clock, which stand still until they are moved.

    Args:
        wall: Wall time at the beginning, with its time zone.
    """

    def __init__(self, wall: datetime = START) -> None:
        self._wall = wall
        self._boot, self._boot_ms = 1, _UP_MS

    def now(self) -> Instant:
        """Returns the time on both clocks."""
        return Instant(self._wall, f"boot-{self._boot}", self._boot_ms)

    def __call__(self) -> Instant:
        """Returns the time on both clocks, for a gate that looks at its clock."""
        return self.now()

    def forward(self, seconds: float) -> None:
        """Moves both clocks on."""
        self._wall += timedelta(seconds=seconds)
        self._boot_ms += round(seconds * 1000)

    def set(self, seconds: float) -> None:
        """Sets the wall clock by some seconds, and leaves the boot clock alone."""
        self._wall += timedelta(seconds=seconds)

    def reboot(self) -> None:
        """Starts the machine anew, which takes 40 s of wall time and resets the boot clock."""
        self._boot, self._boot_ms = self._boot + 1, _UP_AGAIN_MS
        self._wall += timedelta(seconds=_REBOOT_S)


class WallClock:
    """Wall clock and boot clock of this machine."""

    def now(self) -> Instant:
        """Returns the time on both clocks."""
        return instant_now()
