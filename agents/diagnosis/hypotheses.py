"""Hypotheses of a site, each a failure mode of one piece of equipment with its signs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from handwheel.connectors.config.plug_ins import UnusablePlugIn
from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.errors import Problem
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.language.names import tag_names
from handwheel.tools.conditions import Condition, ConditionError, Name, parse_condition

from .check_names import CheckKey, piece_of, roles_in
from .diagnoser import ANY_UNIT, Diagnoser, load_diagnoser
from .failure_modes import EVERY_S, CheckSpec, FailureModes, ModeSpec, SignSpec


@dataclass(frozen=True)
class Sign:
    """Sign of a hypothesis, bound to the tags of the site."""

    spec: SignSpec
    condition: Condition | None = None
    method: Diagnoser | None = None
    inputs: Mapping[str, str | float] = field(default_factory=dict[str, str | float])
    call: str = ""  # the method with its inputs; the same call has the same residual

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Tags that it looks at."""
        if self.condition is not None:
            return self.condition.tags
        return tuple(each for each in self.inputs.values() if isinstance(each, str))


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Failure mode of one piece of equipment."""

    id: str  # mode and equipment, such as `bearing-worn P-101A`
    title: str
    mode: ModeSpec
    equipment: tuple[str, ...]  # of its roles; that of its tags if it has none
    signs: tuple[Sign, ...]
    # Equipment that each check asks about, empty where it asks about none. A check that asks about
    # equipment which is no role of its mode is not in it.
    pieces: Mapping[str, str] = field(default_factory=dict[str, str])

    def predicts(self, key: CheckKey) -> str | None:
        """Returns the answer of a check if it is so, `None` if it predicts none."""
        name, equipment = key
        is_about = self.pieces.get(name, equipment) == equipment
        return self.mode.checks.get(name) if is_about else None

    @property
    def tags(self) -> frozenset[str]:
        """Tags that its signs look at."""
        return frozenset(tag for each in self.signs for tag in each.tags)


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """All hypotheses of a site, with the checks that decide between them."""

    every: tuple[Hypothesis, ...] = ()
    checks: Mapping[str, CheckSpec] = field(default_factory=dict[str, CheckSpec])
    every_s: float = EVERY_S  # process time from one diagnosis to the next

    @property
    def questions(self) -> Mapping[CheckKey, CheckSpec]:
        """Checks that a person answers, each for every piece of equipment that it asks about."""
        keys = {key: self.checks[key[0]] for each in self.every for key in each.pieces.items()}
        return {key: spec for key, spec in keys.items() if spec.ask}

    @property
    def causes(self) -> list[str]:
        """Ids of the failure modes that are faults."""
        return sorted({each.mode.id for each in self.every if each.mode.is_fault})

    @property
    def signs(self) -> Iterator[Sign]:
        """Signs of all hypotheses."""
        return (one for each in self.every for one in each.signs)

    @property
    def tags(self) -> frozenset[str]:
        """Tags whose windows are needed."""
        return frozenset(tag for each in self.signs if each.method is not None for tag in each.tags)

    @property
    def read_tags(self) -> frozenset[str]:
        """Tags that must be read."""
        return self.tags.union(*(each.tags for each in self.conditions))

    @property
    def learnt_calls(self) -> tuple[str, ...]:
        """Calls whose healthy residual a baseline has."""
        return tuple(sorted({each.call for each in self.signs if each.spec.baseline}))

    @property
    def units(self) -> Mapping[str, str]:
        """Unit of the residual of each call."""
        return {each.call: each.method.unit for each in self.signs if each.method is not None}

    @property
    def learnt_hash(self) -> str:
        """SHA-256 of the calls whose healthy residual a baseline has, hexadecimal."""
        return sha256("\n".join(self.learnt_calls).encode()).hexdigest()

    @property
    def conditions(self) -> list[Condition]:
        """Conditions whose windows are needed."""
        return [each.condition for each in self.signs if each.condition is not None]


def bind_failure_modes(
    site: Site, file: FailureModes, playbooks: frozenset[str] | None = None
) -> tuple[Hypotheses, list[Problem]]:
    """Binds failure modes to a site. A mode with a problem is left out, and no other.

    Args:
        playbooks: Ids of the playbooks of the site; `None` to accept any.
    """
    binder = _Binder(site, file, playbooks)
    every = tuple(binder.hypotheses())
    return Hypotheses(every, binder.checks, file.every_s), [
        *file.problems,
        *dict.fromkeys(binder.problems),
    ]


class _Binder:
    def __init__(self, site: Site, file: FailureModes, playbooks: frozenset[str] | None) -> None:
        self._site, self._file, self._playbooks = site, file, playbooks
        self.problems: list[Problem] = []
        self.checks: dict[str, CheckSpec] = {}  # those without a problem

    def hypotheses(self) -> Iterator[Hypothesis]:
        self._check_checks()
        seen = set[str]()
        for n, mode in self._file.modes.items():
            path: Path_ = ("modes", n)
            before = len(self.problems)
            if mode.id in seen:
                self._note((*path, "id"), f"{mode.id!r} stands here twice; the first one counts")
            seen.add(mode.id)
            self._check_playbook((*path, "playbook"), mode.playbook)
            self._check_answers((*path, "checks"), mode)
            for role in roles_in(mode.title):
                if role not in mode.roles:
                    self._note((*path, "title"), f"names {{{role}}}, which is no role of the mode")
            found = [self._hypothesis(path, mode, each) for each in self._roles(path, mode)]
            if len(self.problems) == before and self.checks.keys() >= mode.checks.keys():
                yield from found

    def _roles(self, path: Path_, mode: ModeSpec) -> Sequence[Mapping[str, str]]:
        if mode.class_:
            pieces = [n for n, each in self._site.equipment.items() if each.class_ == mode.class_]
            return [{mode.class_.replace("-", "_"): each} for each in pieces]
        for n, roles in enumerate(mode.bind):
            for role, asset in roles.items():
                if asset not in self._site.equipment:
                    self._note((*path, "bind", n, role), f"there is no equipment {asset!r}")
            if _first(roles) in map(_first, mode.bind[:n]):
                reason = f"{_first(roles)!r} is the first here again, which names the hypothesis"
                self._note((*path, "bind", n), reason)
        return mode.bind or [{}]

    def _hypothesis(self, path: Path_, mode: ModeSpec, roles: Mapping[str, str]) -> Hypothesis:
        names = tag_names(self._site, roles)
        signs = [self._sign(path, n, mode, names) for n in range(len(mode.signs))]
        found = tuple(each for each in signs if each is not None)
        used = {name for each in found for name in each.inputs}
        for name in mode.inputs.keys() - used if len(found) == len(signs) else ():
            self._note((*path, "inputs", name), "no method of its signs needs it")
        own = dict.fromkeys(self._site.tags[tag].equipment for each in found for tag in each.tags)
        equipment = tuple(roles.values()) or tuple(each for each in own if each)
        title = mode.title
        for role, asset in roles.items():
            title = title.replace(f"{{{role}}}", asset)
        name = f"{mode.id} {_first(roles)}".rstrip()
        checks = {each: self.checks[each] for each in mode.checks if each in self.checks}
        asked = {each: piece_of(spec, roles) for each, spec in checks.items()}
        pieces = {each: piece for each, piece in asked.items() if piece is not None}
        return Hypothesis(name, title, mode, equipment, found, pieces)

    def _sign(self, of: Path_, n: int, mode: ModeSpec, names: Mapping[str, Name]) -> Sign | None:
        spec, path = mode.signs[n], (*of, "signs", n)
        if spec.that:
            try:
                return Sign(spec, parse_condition(spec.that, names, windows=True))
            except ConditionError as error:
                self._note_within((*path, "that"), error)
                return None
        try:
            method = load_diagnoser(spec.method)
        except UnusablePlugIn as error:
            self._note((*path, "method"), str(error))
            return None
        inputs = self._inputs(of, path, mode.inputs, spec.inputs, method, names)
        call = ", ".join(f"{name}={inputs[name]}" for name in sorted(inputs))
        return Sign(spec, None, method, inputs, f"{method.name}({call})")

    def _inputs(
        self, of: Path_, path: Path_, shared: Mapping[str, str | float],
        own: Mapping[str, str | float], method: Diagnoser, names: Mapping[str, Name],
    ) -> dict[str, str | float]:  # fmt: skip
        """Returns the inputs of a method, those of the sign before those of its mode."""
        given = {name: (of, each) for name, each in shared.items() if name in method.needs}
        given |= {name: (path, each) for name, each in own.items()}
        inputs: dict[str, str | float] = {}
        for name, (at, value) in given.items():
            here = (*at, "inputs", name)
            if name not in method.needs:
                known = ", ".join(method.needs)
                self._note(here, f"is no input of {method.name}; known: {known}")
            elif not isinstance(value, str):
                inputs[name] = value
            elif tag := self._tag(here, value, method.needs[name], names):
                inputs[name] = tag.name
        missing = [n for n in method.needs if n not in given and n not in method.optional]
        if missing:
            self._note((*path, "inputs"), f"{method.name} needs also {', '.join(missing)}")
        return inputs

    def _tag(self, path: Path_, given: str, unit: str, names: Mapping[str, Name]) -> Tag | None:
        """Returns a tag of the site, and notes if there is none or its unit is another."""
        tag = names.get(given)
        if not isinstance(tag, Tag):
            self._note(path, f"there is no tag {given!r}{did_you_mean(given, names)}")
            return None
        if unit not in {tag.unit, ANY_UNIT}:
            wanted = unit or "without a unit"
            self._note(path, f"{tag.name} is in {tag.unit or 'no unit'}, it must be {wanted}")
        return tag

    def _check_checks(self) -> None:
        for name, check in self._file.checks.items():
            if check is None:
                continue
            before = len(self.problems)
            self._check_playbook(("checks", name, "playbook"), check.playbook)
            roles = roles_in(f"{check.title} {check.ask}")
            of = [each for each in self._file.modes.values() if name in each.checks]
            if len(roles) > 1:
                self._note(("checks", name), f"asks about several roles: {', '.join(roles)}")
            elif of and roles and not any(roles[0] in each.roles for each in of):
                self._note(("checks", name), f"asks about {{{roles[0]}}}, no role of its modes")
            if len(self.problems) == before:
                self.checks[name] = check

    def _check_answers(self, path: Path_, mode: ModeSpec) -> None:
        for name, answer in mode.checks.items():
            if name not in self._file.checks:
                self._note((*path, name), f"there is no check {name!r}")
            elif name in self.checks and answer not in self.checks[name].answers:
                known = ", ".join(self.checks[name].answers)
                self._note((*path, name), f"{answer!r} is no answer of it; known: {known}")

    def _check_playbook(self, path: Path_, name: str) -> None:
        if name and self._playbooks is not None and name not in self._playbooks:
            hint = did_you_mean(name, self._playbooks)
            self._note(path, f"there is no playbook {name!r} at this site{hint}")

    def _note(self, path: Path_, reason: str) -> None:
        self.problems.append(self._file.source.document.problem(path, reason))

    def _note_within(self, path: Path_, error: ConditionError) -> None:
        at = (error.line, error.column)
        found = self._file.source.finding_within("expression", path, at, error.reason)
        place = self._file.source.document.problem(path, found.text)
        self.problems.append(replace(place, line=found.line, column=found.column))


def _first(roles: Mapping[str, str]) -> str:
    return next(iter(roles.values()), "")
