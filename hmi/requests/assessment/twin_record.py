"""Twin of a site on recorded values, with its residual over them."""

import signal
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import FrameType

from handwheel.agents.diagnosis.time_limit import TookTooLong
from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.foretell import foretell_without
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.trust import AHEAD_S, TwinTrust, commands_of
from handwheel.agents.lookahead.twin import TwinError
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.execution.plant_view import PlantView

_REACH_S = (
    7200.0  # of recorded values from which its state and its residual are found, process time
)
_CHECKS_S = 20.0  # CPU time after which it is checked no further
_RETRY_S = 60.0  # process time, after it has told nothing
_LIMIT_S = 30.0  # CPU time that one prediction may take
_OLD_S = 600.0  # after which it is measured again


class TwinRecord:
    """Windows of a twin, which recorded values fill."""

    def __init__(self, own: SiteTwin, site: Site) -> None:
        self.own = own
        self.windows = Windows(sorted({*own.twin.tags, *commands_of(site)}))

    @property
    def reaches(self) -> Mapping[str, float]:
        """How far back each tag is needed, process time."""
        return dict.fromkeys(self.windows.tags, _REACH_S)

    def recall(self, readings: Readings, now_s: float) -> None:
        """Takes a recorded scan, oldest first."""
        self.windows.observe(readings, now_s)

    def forget(self) -> None:
        """Begins anew, since another plant was recorded before."""
        self.windows = Windows(self.windows.tags)


@dataclass(frozen=True, slots=True)
class TwinResidual:
    """Residual of a twin over recorded values."""

    residual: float | None  # share of the range, `None` if nothing could be compared
    checked_s: float  # process time over which it was measured
    measured_s: float  # monotonic clock

    @property
    def is_old(self) -> bool:
        """Whether it is measured again."""
        return time.monotonic() - self.measured_s > _OLD_S


class _CheckedTwin(TwinRecord):
    """Twin that foretells again and again what was recorded later."""

    def __init__(self, own: SiteTwin, site: Site) -> None:
        super().__init__(own, site)
        self.trust = TwinTrust(site.tags, commands_of(site))
        self.checked_s = 0.0
        self._begun_cpu_s = time.process_time()

    def recall(self, readings: Readings, now_s: float) -> None:
        super().recall(readings, now_s)
        self.trust.compare(self.windows)
        used_s = time.process_time() - self._begun_cpu_s
        if now_s < self.trust.next_s or used_s > _CHECKS_S:
            return
        self.trust.next_s = now_s + AHEAD_S
        try:
            with limited():
                self.trust.begin(foretell_without(self.own, self.windows, AHEAD_S), now_s)
            self.checked_s += AHEAD_S
        except TwinError:  # it lacks values so early, say
            self.trust.next_s = now_s + _RETRY_S

    def forget(self) -> None:
        super().forget()
        self.trust.forget()
        self.checked_s = 0.0


def measured_residual(own: SiteTwin, site: Site) -> TwinResidual:
    """Returns the residual of a twin over the latest two hours that are recorded.

    It takes at most about 20 s of CPU time. What is not checked by then is left.
    """
    twin, begun_s = _CheckedTwin(own, site), time.monotonic()
    with closing(RecordedHistory.of(site)) as recorded:
        PlantView.of((), site.clock_tag).preload(recorded, begun_s, twin)
    return TwinResidual(twin.trust.residual, twin.checked_s, time.monotonic())


@contextmanager
def limited() -> Generator[None]:
    """Ends what a twin does inside after 30 s of CPU time. Raises `TwinError`."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"it took more than {_LIMIT_S:g} s")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, _LIMIT_S)
    try:
        yield
    except TookTooLong as error:
        raise TwinError(str(error)) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
