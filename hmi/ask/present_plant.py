"""Plant now, with the recorded windows before, for plans that are only shown."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from time import monotonic

from handwheel.agents.composing.chain import IsTrue, true_in
from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.lookahead.look_ahead import prediction_of
from handwheel.agents.lookahead.moves import moves_of
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import TwinError
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import Diagnosis, diagnose
from handwheel.playbooks.execution.plant_view import PlantView

from ..requests.assessment.twin_record import TwinRecord, limited, measured_residual

Read = Callable[[Sequence[Tag]], Readings]
_OLD_S = 60.0  # process time since the newest recorded values from which nothing is foretold


class PresentPlant:
    """Plant as it is read now, with the windows of some playbooks and of the site's twin.

    Args:
        tags: Read for the playbooks, their goal, and the plant's clock.
        read: Returns the present values of tags.
    """

    def __init__(
        self, site: Site, plans: Sequence[BoundPlaybook], tags: Sequence[Tag], read: Read
    ) -> None:
        self._site = site
        own, problems = load_twin(site)
        self._no_twin = str(problems[0]) if problems else "this site has no twin"
        self._twin = TwinRecord(own, site) if own else None
        self._view = PlantView.of_plans(plans, site.clock_tag)
        with closing(RecordedHistory.of(site)) as recorded:
            more = [self._twin] if self._twin else []
            self._view.preload(recorded, monotonic(), *more)
        recorded_s = self._view.clock.shown_s
        self._view.observe(read(tags), monotonic())
        self._old_s = self._view.clock.shown_s - recorded_s
        self._residual: tuple[float | None] | None = None  # of the twin, once it was measured

    @property
    def is_true(self) -> IsTrue:
        """Truth of bound conditions."""
        return true_in(self._site.tags, self._view.readings, self._view.history)

    def diagnose(self, plan: BoundPlaybook) -> Diagnosis:
        """Returns the evidence and permissives of a playbook."""
        return diagnose(plan, self._view.snapshot())

    def is_prevented(self, plan: BoundPlaybook) -> bool:
        """Returns whether a permissive prevents a playbook, not only for lack of history."""
        own = self.diagnose(plan).of("permissive")
        return any(not each.is_met and not each.is_collecting for each in own)

    def foretold(self, plan: BoundPlaybook) -> Prediction:
        """Returns the courses without and with a plan that is requested now, with its margins.

        Raises `TwinError` if the site has no twin, or if it cannot tell.

        Effect: none. Retry: none. Timeout: 30 s of CPU time, and 20 s for the twin's residual.
        """
        twin = self._twin
        if twin is None:
            raise TwinError(self._no_twin)
        if lacking := [each for each in twin.own.twin.tags if twin.windows.latest(each) is None]:
            raise TwinError(f"{twin.own.name}: the record lacks {lacking[0]}, which it needs")
        if not 0.0 <= self._old_s <= _OLD_S:
            age = format_duration(abs(round(self._old_s)))
            raise TwinError(
                f"the newest recorded values are {age} old; the agents record them while they run"
            )
        planned = moves_of(plan, self._view.readings, self._view.history)
        with limited():
            found = foretell(twin.own, twin.windows, planned.moves)
        alone = prediction_of(twin.own, plan, self._site.tags, planned, found, None)
        if self._residual is None:
            self._residual = (measured_residual(twin.own, self._site).residual,)
        return replace(alone, residual=self._residual[0])
