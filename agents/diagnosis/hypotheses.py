"""Hypotheses of a site, each a failure mode of one piece of equipment with its signs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.config.yaml_documents import Document, Path_
from handwheel.connectors.errors import Problem
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.names import tag_names
from handwheel.tools.conditions import Condition, ConditionError, Name, parse_condition

from .check_names import CheckKey, piece_of, roles_in
from .diagnoser import ANY_UNIT, Diagnoser, UnusableDiagnoser, load_diagnoser
from .failure_modes import CheckSpec, FailureModesFile, ModeSpec, SignSpec


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign of a hypothesis, bound to the tags of the site."""

    spec: SignSpec
    condition: Condition | None = None
    method: Diagnoser | None = None
    inputs: Mapping[str, str | float] = field(default_factory=dict[str, str | float])
    call: str = ""  # the method with its inputs; the same call has the same residual

    @property
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
    faults: tuple[str, ...] = ()  # sentences about methods that cannot be used

    @property
    def questions(self) -> Mapping[CheckKey, CheckSpec]:
        """Checks that a person answers, each for every piece of equipment that it asks about."""
        keys = {key: self.checks[key[0]] for each in self.every for key in each.pieces.items()}
        return {key: spec for key, spec in keys.items() if spec.ask}

    @property
    def tags(self) -> frozenset[str]:
        """Tags whose windows are needed."""
        signs = (one for each in self.every for one in each.signs if one.method is not None)
        return frozenset(tag for each in signs for tag in each.tags)

    @property
    def conditions(self) -> list[Condition]:
        """Conditions whose windows are needed."""
        signs = (one for each in self.every for one in each.signs)
        return [each.condition for each in signs if each.condition is not None]


def bind_failure_modes(
    site: Site, document: Document, file: FailureModesFile, playbooks: frozenset[str] | None = None
) -> tuple[Hypotheses, list[Problem]]:
    """Binds failure modes to a site. A mode with a problem is left out, and no other.

    Args:
        playbooks: Ids of the playbooks of the site; `None` to accept any.
    """
    binder = _Binder(site, document, file, playbooks)
    every = tuple(binder.hypotheses())
    return Hypotheses(every, file.checks, tuple(dict.fromkeys(binder.faults))), binder.problems


class _Binder:
    def __init__(
        self,
        site: Site,
        document: Document,
        file: FailureModesFile,
        playbooks: frozenset[str] | None,
    ) -> None:
        self._site, self._document, self._file = site, document, file
        self._playbooks = playbooks
        self.problems: list[Problem] = []
        self.faults: list[str] = []

    def hypotheses(self) -> Iterator[Hypothesis]:
        self._check_checks()
        seen: dict[str, int] = {}
        for n, mode in enumerate(self._file.modes):
            path: Path_ = ("modes", n)
            if mode.id in seen:
                self._note((*path, "id"), f"{mode.id!r} stands here twice")
                continue
            seen[mode.id] = n
            self._check_mode(path, mode)
            for roles in self._roles(path, mode):
                before = len(self.problems)
                found = self._hypothesis(path, mode, roles)
                if len(self.problems) == before:
                    yield found

    def _roles(self, path: Path_, mode: ModeSpec) -> Sequence[Mapping[str, str]]:
        if mode.class_ and mode.bind:
            self._note((*path, "bind"), "needs either class or bind")
        if not mode.class_:
            for n, roles in enumerate(mode.bind):
                for role, asset in roles.items():
                    if asset not in self._site.equipment:
                        self._note((*path, "bind", n, role), f"there is no equipment {asset!r}")
            return mode.bind or [{}]
        pieces = [n for n, each in self._site.equipment.items() if each.class_ == mode.class_]
        return [{mode.class_.replace("-", "_"): each} for each in pieces]

    def _hypothesis(self, path: Path_, mode: ModeSpec, roles: Mapping[str, str]) -> Hypothesis:
        names = tag_names(self._site, roles)
        signs = [self._sign((*path, "signs", n), each, names) for n, each in enumerate(mode.signs)]
        found = tuple(each for each in signs if each is not None)
        own = dict.fromkeys(self._site.tags[tag].equipment for each in found for tag in each.tags)
        equipment = tuple(roles.values()) or tuple(each for each in own if each)
        title = mode.title
        for role, asset in roles.items():
            title = title.replace(f"{{{role}}}", asset)
        name = " ".join([mode.id, *list(roles.values())[:1]])
        checks = {
            each: self._file.checks[each] for each in mode.checks if each in self._file.checks
        }
        asked = {each: piece_of(spec, roles) for each, spec in checks.items()}
        pieces = {each: piece for each, piece in asked.items() if piece is not None}
        return Hypothesis(name, title, mode, equipment, found, pieces)

    def _sign(self, path: Path_, spec: SignSpec, names: Mapping[str, Name]) -> Sign | None:
        if spec.that:
            try:
                return Sign(spec, parse_condition(spec.that, names, windows=True))
            except ConditionError as error:
                self._note((*path, "that"), str(error))
                return None
        try:
            method = load_diagnoser(spec.method)
        except UnusableDiagnoser as error:
            if "there is no method" in str(error):
                self._note((*path, "method"), str(error))
            else:
                self.faults.append(f"method {spec.method}: {error}")
            return None
        inputs = self._inputs(path, spec, method, names)
        call = ", ".join(f"{name}={inputs[name]}" for name in sorted(inputs))
        return Sign(spec, None, method, inputs, f"{method.name}({call})")

    def _inputs(
        self, path: Path_, spec: SignSpec, method: Diagnoser, names: Mapping[str, Name]
    ) -> dict[str, str | float]:
        inputs: dict[str, str | float] = {}
        for name, given in spec.inputs.items():
            here = (*path, "inputs", name)
            if name not in method.needs:
                self._note(here, f"is no input of {method.name}; known: {', '.join(method.needs)}")
                continue
            if not isinstance(given, str):
                inputs[name] = given
                continue
            tag = names.get(given)
            if tag is None or not hasattr(tag, "name"):
                self._note(here, f"there is no tag {given!r}")
                continue
            unit = getattr(tag, "unit", "")
            if method.needs[name] not in {unit, ANY_UNIT}:
                self._note(here, f"{given} is in {unit or 'no unit'}, not {method.needs[name]}")
            inputs[name] = str(getattr(tag, "name", given))
        missing = [n for n in method.needs if n not in spec.inputs and n not in method.optional]
        if missing:
            self._note((*path, "inputs"), f"{method.name} needs also {', '.join(missing)}")
        return inputs

    def _check_mode(self, path: Path_, mode: ModeSpec) -> None:
        for name, answer in mode.checks.items():
            check = self._file.checks.get(name)
            if check is None:
                self._note((*path, "checks", name), f"there is no check {name!r}")
            elif answer not in check.answers:
                known = ", ".join(check.answers)
                self._note((*path, "checks", name), f"{answer!r} is no answer; known: {known}")
        self._check_playbook((*path, "playbook"), mode.playbook)

    def _check_checks(self) -> None:
        for name, check in self._file.checks.items():
            self._check_playbook(("checks", name, "playbook"), check.playbook)
            roles, of = roles_in(check), [e for e in self._file.modes if name in e.checks]
            if len(roles) > 1:
                self._note(("checks", name), f"asks about several roles: {', '.join(roles)}")
            elif of and roles and not any(roles[0] in each.roles for each in of):
                self._note(("checks", name), f"asks about {{{roles[0]}}}, no role of its modes")

    def _check_playbook(self, path: Path_, name: str) -> None:
        if name and self._playbooks is not None and name not in self._playbooks:
            self._note(path, f"there is no playbook {name!r} at this site")

    def _note(self, path: Path_, reason: str) -> None:
        self.problems.append(self._document.problem(path, reason))
