"""Advice on set points at a site, each asked for as an ordinary run of its playbook."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.values import NOT_GOOD
from handwheel.playbooks.binding.advice import Advice, SetPoint
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.states import RunState
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.requests.ids import new_id

from ..agent_context import AgentContext
from ..cases.site_cases import SiteCases
from ..deviations.case import LETTER, CaseEvent, CaseLog, load_case
from ..deviations.triggers import Occasion
from ..lookahead.site_look_ahead import SiteLookAhead
from ..lookahead.twin import Move
from ..supervised_run import Report, Tasks, one_line
from .promise import MOST_SHORT, MeasuredCost, Promise
from .search import Values, is_allowed, least_cost, mean_cost

ADVICE = "advice"
"""Name of the task that searches."""
_ASK_WITHIN_S = 1800.0
"""How long what was found may wait for permissives, process time."""


_DECLINED = frozenset({RunState.STOPPED, RunState.ABORTED})


@dataclass(slots=True)
class _Watched:
    """Playbook with an advice, and what became of it."""

    plan: BoundPlaybook
    advice: Advice
    cost: MeasuredCost
    next_s: float | None = None  # process time of the next search, `None` before the first scan
    promise: Promise | None = None
    until_s: float = 0.0  # until the run must have begun, then until the gain is measured
    is_measuring: bool = False
    short: int = 0  # promises in a row that were not kept
    declined: int = 0  # runs in a row that people or the plant have ended


class SiteAdvice:
    """Playbooks of a site that advise. Without a twin it advises nothing."""

    def __init__(self, context: AgentContext, cases: SiteCases, report: Report) -> None:
        self._context, self._cases, self._report = context, cases, report
        self._log = CaseLog(context.ledger.writer)
        self._ahead: SiteLookAhead | None = context.look_ahead
        self._watched = [
            _Watched(each, each.advice, MeasuredCost(each.advice))
            for each in (context.plans if self._ahead else ())
            if each.advice is not None
        ]

    def observe(self, owners: Mapping[str, str], tasks: Tasks) -> None:
        """Takes a scan, and starts a search where it is time for one.

        Args:
            owners: Open runs by the equipment that they own.
        """
        view = self._context.plant
        for each in self._watched:
            each.cost.observe(view.readings, view.now_s)
            if each.next_s is None:
                each.next_s = view.now_s + each.advice.horizon_s
            if each.promise is not None:
                self._follow(each, each.promise, view.now_s)
        if self._cases.cases or owners or ADVICE in tasks.names or not self._is_quiet:
            return
        due = (each for each in self._watched if self._is_due(each, view.now_s))
        if (own := next(due, None)) is not None:
            tasks.start(ADVICE, self._search_for(own))

    @property
    def _is_quiet(self) -> bool:
        """Whether no fault is named, and the twin is trusted."""
        diagnosis, ahead = self._context.diagnosis, self._ahead
        is_named = diagnosis is not None and bool(diagnosis.named or diagnosis.standing)
        return not is_named and ahead is not None and ahead.is_trusted

    def _is_due(self, each: _Watched, now_s: float) -> bool:
        is_stopped = max(each.short, each.declined) >= MOST_SHORT
        return (
            each.promise is None and not is_stopped and each.next_s is not None
            and now_s >= each.next_s and each.cost.mean() is not None
        )  # fmt: skip

    # --- searching ----------------------------------------------------------------------------

    async def _search_for(self, own: _Watched) -> None:
        """Searches the set points of a playbook, and opens a case that asks for them."""
        playbook = own.plan.id
        own.next_s = self._context.plant.now_s + own.advice.every_s
        try:
            await self._search(own)
            self._report(f"advice {playbook}", "")
        except LostRace:
            raise
        except Exception as error:  # noqa: BLE001 (it costs only the advice)
            self._report(f"advice {playbook}", one_line(error))

    async def _search(self, own: _Watched) -> None:
        ahead, view, before = self._ahead, self._context.plant, own.cost.mean()
        box = [self._band(each, view.readings) for each in own.advice.set_points]
        if ahead is None or before is None or not all(box):
            return
        start = tuple(each[0] for each in box if each)
        bands = [(each[1], each[2]) for each in box if each]
        state = await ahead.estimate()
        if state.off > ahead.own.trust:
            return  # the twin does not follow the plant now
        horizon_s, tags = own.advice.horizon_s, [each.tag for each in own.advice.set_points]
        site_tags = self._context.ledger.context.site.tags
        without = await ahead.course(state, (), horizon_s)

        async def cost(values: Values) -> float | None:
            moves = [Move(tag.name, each, 0.0) for tag, each in zip(tags, values, strict=True)]
            course = await ahead.course(state, moves, horizon_s)
            if not is_allowed(own.plan, site_tags, without, course):
                return None
            return mean_cost(own.advice, course)

        cost_without = mean_cost(own.advice, without)
        values, found, count = await least_cost(bands, start, cost)
        gain = cost_without - found
        if values is None or gain < own.advice.least_gain:
            return
        if self._cases.cases or not self._is_quiet:
            return  # something has come up meanwhile
        unit, twin = own.advice.objective.unit, ahead.own.name
        moved = ", ".join(
            f"{tag.name} {now:g} → {value:g} {tag.unit}".rstrip()
            for tag, now, value in zip(tags, start, values, strict=True)
        )
        text = f"advice: {moved} saves {gain:.3g} of {cost_without:.4g} {unit}, the mean over "
        text += f"{horizon_s / 60.0:g} min that the twin {twin} foretells; best of {count} courses"
        self._ask(own, values, Promise("", "", gain, before, text))

    def _band(self, point: SetPoint, readings: Readings) -> tuple[float, float, float] | None:
        """Returns the present set point and the band that policy allows from there."""
        reading = readings.get(point.tag.name)
        if reading is None or reading.status & NOT_GOOD or not isinstance(reading.scalar, float):
            return None
        now = reading.scalar
        ruling = self._context.ledger.context.policy.judge(point.tag, now, reading)
        low, high = ruling.limits or (point.low, point.high)
        step = ruling.max_step if ruling.max_step is not None else point.high - point.low
        low, high = max(low, point.low, now - step), min(high, point.high, now + step)
        return (now, low, high) if ruling.is_allowed and low < high else None

    # --- asking and measuring -----------------------------------------------------------------

    def _ask(self, own: _Watched, values: Values, promise: Promise) -> None:
        """Opens a case whose occasion is what was found."""
        given = {
            point.parameter: f"{each:g} {point.tag.unit}"
            for point, each in zip(own.advice.set_points, values, strict=True)
        }
        context = self._context
        plan = context.rebind(own.plan.id, own.plan.roles, {**own.plan.given, **given})
        watch, case_id = self._cases.watches.of(plan), new_id(LETTER)
        watch.occasion = watch.due = Occasion(promise.text, "advise")
        own.promise = promise = replace(promise, case_id=case_id, watch=watch.name)
        own.until_s, own.is_measuring = context.plant.now_s + _ASK_WITHIN_S, False
        self._cases.open_ordered(case_id, watch)
        self._record(CaseEvent.PROMISED, promise, promise.fields(own.advice))

    def _record(self, kind: CaseEvent, promise: Promise, body: Mapping[str, object]) -> None:
        database = self._context.ledger.context.database
        self._log.record(load_case(database, promise.case_id), kind, body)

    def _follow(self, own: _Watched, promise: Promise, now_s: float) -> None:
        """Follows what became of a promise."""
        case = self._cases.cases.get(promise.case_id)
        if own.is_measuring:
            self._measure(own, promise, now_s)
        elif case is not None:
            watch = self._cases.watches.by_name.get(promise.watch)
            if watch is not None and not case.run_id and now_s >= own.until_s:
                watch.occasion = None  # its case closes without a run
        else:
            database = self._context.ledger.context.database
            state = load_case(database, promise.case_id).returned.get("state")
            self._cases.watches.by_name.pop(promise.watch, None)
            own.is_measuring = state == RunState.COMPLETE
            if own.is_measuring or state in _DECLINED:
                self._note_end(own, is_complete=own.is_measuring)
            own.until_s = now_s + own.advice.horizon_s
            own.promise = promise if own.is_measuring else None

    def _note_end(self, own: _Watched, *, is_complete: bool) -> None:
        own.declined = 0 if is_complete else own.declined + 1
        if own.declined >= MOST_SHORT:
            text = f"the last {own.declined} runs were not completed, so nothing more is asked "
            self._report(f"advice {own.plan.id}", f"{text}for until the agents are started again")

    def _measure(self, own: _Watched, promise: Promise, now_s: float) -> None:
        """Compares the gain with the promise, unless something else came up meanwhile."""
        if self._cases.cases:
            own.promise, own.is_measuring = None, False  # the gain would be of something else
        elif now_s >= own.until_s:
            after = own.cost.mean()
            if after is not None:
                body = promise.measured(own.advice, after, own.short)
                self._record(CaseEvent.MEASURED, promise, body)
                own.short = int(body["short"])
                self._report(f"advice {own.plan.id}", "" if body["is_kept"] else str(body["text"]))
            own.promise, own.is_measuring = None, False
