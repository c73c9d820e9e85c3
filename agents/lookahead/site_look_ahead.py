"""Looking ahead for the agents of a site, with the trust in its twin."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.problem_log import ProblemLog

from ..diagnosis.windows import GUESSED_S, Windows
from ..planning.planner import COMPOSED
from ..supervised_run import one_line
from .foretell import course_of, estimate_of, foretell, foretell_without
from .load import SiteTwin
from .look_ahead import prediction_of
from .moves import moves_of
from .prediction import Prediction, forbids_text, prediction_fields, trust_text
from .trust import AHEAD_S, TwinTrust, commands_of
from .twin import Course, Estimate, Move, TooLittleMeasured
from .twin_process import Runner

_RETRY_S = 60.0  # until a check is tried again for which too little was measured, process time
_NOT_CLEARED = "a composed plan is asked for only where a trusted twin clears it"
_REACH_S = 1800.0  # how far back recorded values fill its windows, process time


class SiteLookAhead:
    """Twin of a site at work. `observe` takes each scan of the plant.

    Args:
        view: The plant as the agents see it.
        runner: Where the twin works.
    """

    def __init__(self, own: SiteTwin, site: Site, view: PlantView, runner: Runner) -> None:
        self.own = own
        self.windows = Windows(sorted(looked_at(own, site)))
        self.trust = TwinTrust(site.tags, commands_of(site))
        self._site, self._view, self._runner = site, view, runner
        self._report = ProblemLog(__name__)
        self._task: asyncio.Task[None] | None = None

    # --- windows ------------------------------------------------------------------------------

    @property
    def reaches(self) -> Mapping[str, float]:
        """How far back each tag is needed, process time."""
        return dict.fromkeys(self.windows.tags, _REACH_S)

    def recall(self, readings: Readings, now_s: float) -> None:
        """Takes a recorded scan from before this process, oldest first."""
        self.windows.observe(readings, now_s)

    def forget(self) -> None:
        """Begins anew, since this is another plant."""
        self.windows = Windows(self.windows.tags)
        self.trust.forget()

    def observe(self) -> None:
        """Takes the latest scan, and checks the twin in a task of its own when it is time."""
        clock = self._view.clock
        now_s = clock.shown_s
        if clock.is_restarted or now_s < self.windows.now_s - GUESSED_S:
            self.forget()
        if not clock.is_readable:
            return
        if not self.windows.now_s:  # nothing was recorded
            self.trust.next_s = now_s + AHEAD_S
        self.windows.observe(self._view.readings, now_s)
        self.trust.compare(self.windows)
        if now_s >= self.trust.next_s and not self.is_busy:
            self.trust.next_s = now_s + AHEAD_S
            self._task = asyncio.create_task(self._check(now_s))

    @property
    def is_busy(self) -> bool:
        """Whether a check of the twin is being made."""
        return self._task is not None and not self._task.done()

    async def end(self) -> None:
        """Ends a check that is being made, and the place where the twin works."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._runner.close()

    async def _check(self, now_s: float) -> None:
        windows = self.windows
        try:
            course = await self._runner.run(foretell_without, self.own, windows, AHEAD_S)
            if windows is self.windows:  # else it is another plant now
                self.trust.begin(course, now_s)
            self._report(f"twin {self.own.name}", "")
        except TooLittleMeasured:  # such as without a transmitter that it needs
            self.trust.next_s = now_s + _RETRY_S
        except Exception as error:  # noqa: BLE001 (a twin costs only itself)
            self._report(f"twin {self.own.name}", one_line(error))

    # --- set points ---------------------------------------------------------------------------

    @property
    def is_trusted(self) -> bool:
        """Whether it has followed the plant closely enough. Unknown means no."""
        residual = self.trust.residual
        return residual is not None and residual <= self.own.trust

    async def estimate(self) -> Estimate:
        """Returns the state of the plant now. Raises `TwinError`."""
        return await self._runner.run(estimate_of, self.own, self.windows)

    async def course(self, estimate: Estimate, moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. Raises `TwinError`."""
        return await self._runner.run(course_of, self.own, estimate.state, moves, horizon_s)

    # --- plans --------------------------------------------------------------------------------

    async def predict(self, plan: BoundPlaybook, readings: Readings) -> Prediction:
        """Returns the prediction of a plan that is requested now. Raises `TwinError`."""
        planned = moves_of(plan, readings, self._view.history)
        found = await self._runner.run(foretell, self.own, self.windows, planned.moves)
        tags, residual = self._site.tags, self.trust.residual
        return prediction_of(self.own, plan, tags, planned, found, residual)

    async def foretold(self, plan: BoundPlaybook, readings: Readings) -> tuple[dict[str, Any], str]:
        """Returns a prediction as plain JSON, and why the plan must not be requested, else empty.

        A twin that fails forbids nothing but a composed plan, which it must clear. What it says of
        itself is in the prediction.
        """
        is_composed = plan.id.startswith(COMPOSED)
        try:
            found = await self.predict(plan, readings)
        except Exception as error:  # noqa: BLE001 (a twin costs only itself)
            problem = one_line(error)
            reason = f"{_NOT_CLEARED}: {problem}" if is_composed else ""
            return {"twin": self.own.name, "problem": problem}, reason
        reason = forbids_text(found) if found.forbids else ""
        if is_composed and not found.clears:
            reason = reason or f"{_NOT_CLEARED}; {trust_text(found)}"
        return prediction_fields(found, plan), reason


def looked_at(own: SiteTwin, site: Site) -> set[str]:
    """Returns the tags that looking ahead needs, those of the twin and those that are written."""
    return {*own.twin.tags, *commands_of(site)}
