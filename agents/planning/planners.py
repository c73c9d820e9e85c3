"""Planner of a site, whose plans are checked, with the rules behind it."""

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from threading import Thread
from typing import get_args

from handwheel.connectors.config.plug_ins import PlugIns, UnusablePlugIn, WrongPlugIn
from handwheel.connectors.errors import HandwheelError
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.safe_text import printable

from .candidates import Candidate
from .planner import GROUP, RULES, Kind, Plan, Planner, PlanningCase
from .rules import choose

LIMIT_S = 5.0
"""How long a planner of others may take, wall-clock time."""
_LONG = 300  # characters of its reason
_KINDS: tuple[str, ...] = get_args(Kind)

Bind = Callable[[str, Mapping[str, str]], Candidate]
"""Judges a candidate by its name with other values. Raises `HandwheelError` if it cannot."""


class _Wrong(Exception):
    """Fault of a planner. The text says what is wrong."""


class Planners:
    """Planner that a site names, and the rules, which carry on where it fails.

    A planner of others works in a thread of its own, so that it holds up nothing else.

    Args:
        planner: The planner itself, by default the one that is installed under the name.
    """

    def __init__(self, name: str = RULES, planner: Planner | None = None) -> None:
        self.name, self.problem = name, ""  # why it cannot be used
        self._report = ProblemLog(__name__)
        self._planner = planner
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_busy = False  # whether its thread is still at an earlier case
        if name != RULES and planner is None:
            try:
                self._planner = PlugIns(GROUP, "planner", (RULES,)).load(name, _created)
            except UnusablePlugIn as error:
                self.problem = str(error)

    async def plan(self, case: PlanningCase, bind: Bind | None) -> Plan:
        """Returns a plan that can be followed. `bind` is `None` where no values can be bound."""
        if self.name == RULES:
            return choose(case)
        try:
            plan = self._checked(await self._ask(deepcopy(case)), case, bind)
        except _Wrong as error:
            return self._carry_on(case, str(error))
        except Exception as error:  # noqa: BLE001 (a planner of others costs only itself)
            return self._carry_on(case, f"it failed: {type(error).__name__}: {error}")
        self._report(f"planner {self.name}", "")
        return plan

    def _carry_on(self, case: PlanningCase, fault: str) -> Plan:
        problem = f"{printable(fault, _LONG)}; the rules carry on"
        self._report(f"planner {self.name}", problem)
        return replace(choose(case), problem=f"planner {self.name}: {problem}")

    async def _ask(self, case: PlanningCase) -> Plan:
        if self._planner is None:
            raise _Wrong(self.problem)
        if self._is_busy:
            raise _Wrong("it has not returned from an earlier case")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            Thread(target=self._loop.run_forever, name=self.name, daemon=True).start()
        work = self._work(self._planner, case)
        answer = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        try:
            return await asyncio.wait_for(answer, LIMIT_S)
        except TimeoutError:
            raise _Wrong(f"it took more than {LIMIT_S:g} s") from None

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
        reason = f"planner {self.name} says, unverified: {printable(str(plan.because), _LONG)}"
        own = Plan(plan.kind, reason, author=self.name)
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
