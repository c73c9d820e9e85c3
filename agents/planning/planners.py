"""Planner of a site, whose plans are checked, with the rules behind it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, get_args

from handwheel.connectors.config.plug_ins import PlugIns, UnusablePlugIn, WrongPlugIn
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.language_models import PLANNER as MODEL
from handwheel.connectors.model.site import Site
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.safe_text import printable, quoted

from .candidates import Candidate
from .planner import GROUP, RULES, Kind, Plan, Planner, PlanningCase
from .rules import choose

if TYPE_CHECKING:
    from .model.model_planner import ModelPlanner
    from .model.pooled_model import PooledModel

LIMIT_S = 5.0
"""How long a planner of others may take, wall-clock time."""
_LONG = 300  # characters of its reason
_MARGIN_S = 1.0  # after the time limits of the models
_KINDS: tuple[str, ...] = get_args(Kind)

Bind = Callable[[str, Mapping[str, str]], Candidate]
"""Judges a candidate by its name with other values. Raises `HandwheelError` if it cannot."""


class _Wrong(Exception):
    """Fault of a planner. The text says what is wrong."""


def planners_of(site: Site, *, keeps_usage: bool = True) -> "Planners":
    """Returns the planner that a site names, with its models if it asks any.

    Args:
        keeps_usage: Whether the calls of its models count for later starts as well.
    """
    if site.planner != MODEL:
        return Planners(site.planner)
    from .model.model_planner import ModelPlanner  # loads what calls models
    from .model.pool import UsageFile, site_pool

    usage = UsageFile(site.state) if keeps_usage else None
    return Planners(MODEL, models=ModelPlanner(site_pool(site, usage)))


class Planners:
    """Planner that a site names, and the rules, which carry on where it fails.

    A planner of others works in a thread of its own, so that it holds up nothing else.

    Args:
        planner: The planner itself, by default the one that is installed under the name.
        models: The planner that asks models, which has their time limits.
    """

    def __init__(
        self,
        name: str = RULES,
        planner: Planner | None = None,
        models: "ModelPlanner | None" = None,
    ) -> None:
        self.name, self.problem = name, ""  # why it cannot be used
        self._report = ProblemLog(__name__, over="answers again")
        self._planner, self._models = models or planner, models
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_busy = False  # whether its thread is still at an earlier case
        if name != RULES and self._planner is None:
            try:
                self._planner = PlugIns(GROUP, "planner", (RULES,)).load(name, _created)
            except UnusablePlugIn as error:
                self.problem = str(error)

    async def __aenter__(self) -> Self:
        """Tests the models of the site beside other work, so that no case waits for it."""
        if self._models is not None:
            asyncio.run_coroutine_threadsafe(self._models.pool.start(), self.started_loop())
        return self

    @property
    def models(self) -> "Sequence[PooledModel]":
        """The models that it asks, none for most planners."""
        return self._models.pool.models if self._models else ()

    @property
    def limit_s(self) -> float:
        """The longest wall-clock time that a plan may take, 0 by rules."""
        if self._models is not None:
            return self._models.limit_s + _MARGIN_S
        return 0.0 if self._planner is None else LIMIT_S

    async def tested(self) -> None:
        """Waits until every model was tested once, for a plant that is stepped."""
        if self._models is not None:
            testing = asyncio.run_coroutine_threadsafe(
                self._models.pool.start(), self.started_loop()
            )
            await asyncio.wrap_future(testing)

    async def __aexit__(self, *_: object) -> None:
        """Ends what was begun for the models."""
        await self.end()

    async def end(self) -> None:
        """Ends what was begun for the models. A later question begins it anew."""
        if self._models is not None:
            closing = asyncio.run_coroutine_threadsafe(
                self._models.pool.close(), self.started_loop()
            )
            await asyncio.wrap_future(closing)

    async def plan(self, case: PlanningCase, bind: Bind | None) -> Plan:
        """Returns a plan that can be followed. `bind` is `None` where no values can be bound."""
        if self.name == RULES or (self._models and not self._models.has_choice(case)):
            return choose(case)
        exchange: Mapping[str, Any] = {}
        try:
            said = await self._ask(deepcopy(case))
            exchange = said.exchange if self._models else {}
            plan = self._checked(said, case, bind)
        except _Wrong as error:
            return self._carry_on(case, str(error), exchange)
        except Exception as error:  # noqa: BLE001 (a planner of others costs only itself)
            if self._models:  # it is our own, and says what it has asked
                exchange = getattr(error, "exchange", {})
            told = str(error) if exchange else f"it failed: {type(error).__name__}: {error}"
            return self._carry_on(case, told, exchange)
        self._report(f"planner {self.name}", "")
        return plan

    def _carry_on(self, case: PlanningCase, fault: str, exchange: Mapping[str, Any]) -> Plan:
        problem = f"{printable(fault, _LONG)}; the rules carry on"
        self._report(f"planner {self.name}", problem)
        told = f"planner {self.name}: {problem}"
        return replace(choose(case), problem=told, exchange=exchange)

    def started_loop(self) -> asyncio.AbstractEventLoop:
        """Returns the event loop of its thread, which starts with the first use."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            Thread(target=self._loop.run_forever, name=self.name, daemon=True).start()
        return self._loop

    async def _ask(self, case: PlanningCase) -> Plan:
        if self._planner is None:
            raise _Wrong(self.problem)
        if self._is_busy and self._models is None:
            raise _Wrong("it has not returned from an earlier case")
        limit_s = self.limit_s
        work = self._work(self._planner, case)
        answer = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.started_loop()))
        try:
            return await asyncio.wait_for(answer, limit_s)
        except TimeoutError:
            raise _Wrong(f"it took more than {limit_s:g} s") from None

    async def _work(self, planner: Planner, case: PlanningCase) -> Plan:
        """Runs in the planner's thread. What ends a process must not end its loop."""
        self._is_busy = True
        try:
            return await planner.plan(case)
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(type(error).__name__) from None
        finally:
            self._is_busy = False

    def _checked(self, plan: object, case: PlanningCase, bind: Bind | None) -> Plan:
        """Returns a plan of others with what Handwheel fills in. Raises `_Wrong`."""
        if not isinstance(plan, Plan):
            raise _Wrong(f"it returned a {type(plan).__name__}, not a Plan")
        if plan.kind not in _KINDS:
            raise _Wrong(f"it returned the kind {ascii(plan.kind)[:40]}")
        own = self._own(plan)
        if plan.kind in {"leave", "abstain"}:
            return own
        if plan.kind == "compose":
            raise _Wrong("it composed a playbook, which is not taken from a planner")
        found = next((each for each in case.candidates if each["name"] == plan.candidate), None)
        if found is None:
            raise _Wrong(f"it chose {ascii(plan.candidate)[:80]}, which is no candidate")
        if found["code"]:
            raise _Wrong(f"it chose {found['name']}, which is prevented: {found['reason']}")
        parameters = {str(name): str(value) for name, value in plan.parameters.items()}
        if parameters:
            self._check_values(str(found["name"]), parameters, bind)
        risk = str(found.get("risk", ""))
        return replace(own, candidate=str(found["name"]), parameters=parameters, risk=risk)

    def _own(self, plan: Plan) -> Plan:
        """Returns what is taken from a plan of others whatever its kind."""
        if self._models is not None:  # it marks the words of the model, and names it
            author = f"{MODEL} {plan.exchange['model']}"
            said = printable(str(plan.because), _LONG)
            return Plan(plan.kind, said, author=author, exchange=plan.exchange)
        said = quoted(str(plan.because), _LONG)
        reason = f"planner {self.name} says, unverified: {said}"
        return Plan(plan.kind, reason, author=self.name)

    @staticmethod
    def _check_values(name: str, parameters: Mapping[str, str], bind: Bind | None) -> None:
        if bind is None:
            raise _Wrong("it gave values, and none can be bound here")
        try:
            bound = bind(name, parameters)
        except HandwheelError as error:
            raise _Wrong(f"its values for {name} are refused: {error}") from None
        if bound.code:
            raise _Wrong(f"{name} is prevented with its values: {bound.reason}")


def _created(create: Callable[[], Planner]) -> Planner:
    planner = create()
    if not callable(getattr(planner, "plan", None)):
        raise WrongPlugIn(f"returns a {type(planner).__name__}, not a Planner")
    return planner
