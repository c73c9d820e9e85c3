"""Binding of cases to a site, a playbook and the model of a plant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.playbooks.binding.bind import bind, bind_triggers
from handwheel.playbooks.binding.bind_writes import bind_writes
from handwheel.playbooks.binding.start import split_given
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.expressions import Expressions
from handwheel.playbooks.language.loader import Playbook
from handwheel.playbooks.language.names import started_by
from handwheel.playbooks.language.source import Source
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import ScenarioEvent
from handwheel.tools.conditions import Condition, Expression

from ..plants.fault_entries import PlantEntries
from ..plants.installed_plants import create_plant, model_of, plant_names
from ..trial.site import ADMINISTRATOR
from .case import Decision, Eventually, Expected, PlaybookCase, Start
from .schema import ANY_STEP, CaseSpec, DecisionSpec, ExpectSpec, PlantSpec, StartSpec, TestsFile

_IS_ADMINISTRATOR = f"{ADMINISTRATOR} is the administrator of the room; name another person"


def bind_cases(
    source: Source, file: TestsFile, playbook: Playbook, library: Sequence[Playbook], site: Site
) -> list[PlaybookCase]:
    """Returns the cases of a file.

    Args:
        library: The site's other playbooks, of which the one under test may start some.

    Raises:
        ConfigError: Something in them does not exist or fit; every problem.
    """
    binder = _Binder(source, playbook, library, site)
    cases = [binder.case(("cases", n), each) for n, each in enumerate(file.cases)]
    binder.check_names(each.name for each in file.cases)
    binder.check_playbooks()
    problems = [*binder.problems, *(each.problem for each in binder.read.findings)]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return cases


class _Binder:
    def __init__(
        self, source: Source, playbook: Playbook, library: Sequence[Playbook], site: Site
    ) -> None:
        self.problems: list[Problem] = []
        self.read = Expressions(source, site.tags)
        self._source, self._site, self._playbook = source, site, playbook
        self._others = started_by(playbook, library)
        self._plants: dict[str, Plant | None] = {}

    def case(self, path: Path_, spec: CaseSpec) -> PlaybookCase:
        place = self._source.document.problem(path, "")
        model = spec.plant.model or model_of(self._site)
        return PlaybookCase(
            spec.name, place.file, place.line, self._playbook, self._others, model,
            spec.plant.seed, spec.plant.warmup,
            list(self._events((*path, "plant"), spec.plant, model)),
            [self._decision((*path, "approvals", n), each)
             for n, each in enumerate(spec.approvals)],
            spec.run_for, self._expected((*path, "expect"), spec.expect, spec.run_for),
            self._start((*path, "start"), spec.start) if spec.start else None,
        )  # fmt: skip

    def check_names(self, names: Iterable[str]) -> None:
        first: dict[str, int] = {}
        for n, name in enumerate(names):
            if first.setdefault(name, n) != n:
                line = self._source.document.problem(("cases", first[name]), "").line
                self._fail(("cases", n, "name"), f"{name!r} stands in line {line} already")

    def check_playbooks(self) -> None:
        for each in (self._playbook, *self._others):
            try:
                bind_triggers(each, self._site)
            except PlaybookError as error:
                self.problems += error.problems

    # --- plant --------------------------------------------------------------------------------

    def _events(self, path: Path_, spec: PlantSpec, model: str) -> Iterator[ScenarioEvent]:
        plant = self._plant(path, spec, model)
        if plant is None:
            return
        entries = PlantEntries(plant, self._source.document, self.problems)
        for n, each in enumerate(spec.faults):
            yield from entries.fault((*path, "faults", n), "id", each.id, each)
        for n, action in enumerate(spec.field):
            yield from entries.field((*path, "field", n), action)
        for n, write in enumerate(spec.writes):
            yield from entries.write((*path, "writes", n), write)

    def _plant(self, path: Path_, spec: PlantSpec, model: str) -> Plant | None:
        own = model_of(self._site)
        if not model:
            models = ", ".join(plant_names())
            text = f"{self._site.id} is for no simulated plant; write its model: {models}"
            self._fail(path, text)
            return None
        if own and own != model:
            self._fail((*path, "model"), f"{self._site.id} is the site of a {own}, not of {model}")
            return None
        if model not in self._plants:
            self._plants[model] = self._created((*path, "model"), model)
        return self._plants[model]

    def _created(self, path: Path_, model: str) -> Plant | None:
        try:
            return create_plant(model)
        except ScenarioError as error:
            self._fail(path, str(error))
            return None

    # --- people -------------------------------------------------------------------------------

    def _decision(self, path: Path_, spec: DecisionSpec) -> Decision:
        if spec.step != ANY_STEP:
            every = (self._playbook, *self._others)
            steps = [step.id for each in every for step in each.file.steps]
            self._check_known((*path, "step"), "step", spec.step, steps)
        if ADMINISTRATOR in spec.by:
            self._fail((*path, "by"), _IS_ADMINISTRATOR)
        return Decision(spec.step, spec.decision, spec.after, tuple(spec.by))

    def _start(self, path: Path_, spec: StartSpec) -> Start:
        if spec.by == ADMINISTRATOR:
            self._fail((*path, "by"), _IS_ADMINISTRATOR)
        known = self._playbook.file.parameters
        for name in spec.parameters:
            self._check_known((*path, "parameters", name), "parameter", name, list(known))
        given = {name: _text(each) for name, each in spec.parameters.items() if name in known}
        try:
            chosen = split_given(given, self._playbook.file.roles)
            plan = bind(self._playbook, self._site, *chosen)
        except ConfigError as error:
            reasons = "; ".join(each.reason for each in error.problems)
            self._fail(path, f"the playbook cannot start so: {reasons}")
        else:
            if not plan.is_manual:
                self._fail(path, f"{plan.id} has no trigger with manual: true for this equipment")
        return Start(spec.at, spec.by, given)

    # --- expectations -------------------------------------------------------------------------

    def _expected(self, path: Path_, spec: ExpectSpec, run_for_s: float) -> Expected:
        self._check_ids(path, spec)
        return Expected(
            spec.final, spec.trace, self._writes((*path, "writes"), spec.writes),
            spec.workorders, spec.asked, spec.suggested,
            self._conditions((*path, "always"), spec.always),
            self._conditions((*path, "never"), spec.never),
            [self._eventually((*path, "eventually", n), each.that, each.within, run_for_s)
             for n, each in enumerate(spec.eventually)],
            spec.blocked_by, spec.escalated_to,
        )  # fmt: skip

    def _check_ids(self, path: Path_, spec: ExpectSpec) -> None:
        own = [each.id for each in self._playbook.file.steps]
        for n, step in enumerate(spec.trace or ()):
            self._check_known((*path, "trace", n), "step", step, own)
        file = self._playbook.file
        checks = [each.id for each in (*file.diagnosis.for_, *file.diagnosis.against)]
        checks += [each.id for each in file.permissives]
        for n, check in enumerate(spec.blocked_by):
            here = (*path, "blocked_by", n)
            self._check_known(here, "evidence or permissive", check, checks)
        for n, order in enumerate(spec.workorders or ()):
            here = (*path, "workorders", n, "asset")
            self._check_known(here, "equipment", order.asset, list(self._site.equipment))

    def _conditions(self, path: Path_, texts: Sequence[str]) -> list[Condition]:
        return [self.read.condition((*path, n), text) for n, text in enumerate(texts)]

    def _eventually(
        self, path: Path_, that: str, within: float | None, run_for_s: float
    ) -> Eventually:
        if within is not None and within > run_for_s:
            self._fail((*path, "within"), "is longer than run_for")
        return Eventually(self.read.condition((*path, "that"), that), within or run_for_s)

    def _writes(
        self, path: Path_, writes: int | list[dict[str, Any]] | None
    ) -> int | list[tuple[Tag, Value]] | None:
        if not isinstance(writes, list):
            return writes
        return [each for n, table in enumerate(writes) for each in self._write((*path, n), table)]

    def _write(self, path: Path_, table: Mapping[str, Any]) -> Iterator[tuple[Tag, Value]]:
        for each in bind_writes(table, path, self.read):
            if isinstance(each.value, Expression):
                self._fail((*path, each.tag.name), "write the value that is expected")
            else:
                yield each.tag, each.value

    def _check_known(self, path: Path_, what: str, name: str, known: Sequence[str]) -> None:
        if name in known:
            return
        hint = did_you_mean(name, known) or f"; known: {', '.join(known) or 'none'}"
        self._fail(path, f"there is no {what} {name!r}{hint}")

    def _fail(self, path: Path_, text: str) -> None:
        self.problems.append(self._source.finding("wrong-value", path, text).problem)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
