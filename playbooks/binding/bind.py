"""Binding of a playbook to a site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import Condition, Constant, StepScope

from ..language.errors import Finding, PlaybookError
from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.names import RoleBinding, default_role_binding, role_bindings, tag_names
from ..language.schema import EvidenceSpec, PermissiveSpec
from ..language.schema_start import ConcurrencySpec
from . import model as bound
from .advice import bind_advice
from .bind_parameters import adjustable, bind_parameters, check_role_binding, parameter_text
from .bind_steps import StepBinder
from .bind_triggers import TriggerBinder, check_plant, check_style
from .start import LOWEST_PRIORITY, Concurrency

_ALL = ("steps", "rollback", "safe_state")
NOTHING: Mapping[str, str] = {}


def bind(
    playbook: Playbook,
    site: Site,
    roles: Mapping[str, str] | None = None,
    given: Mapping[str, str] = NOTHING,
) -> bound.BoundPlaybook:
    """Binds a playbook to equipment, with the triggers for this equipment only.

    Args:
        roles: Role to equipment; missing roles get their default.
        given: Values of other parameters, as text; missing ones get their default.

    Raises:
        PlaybookError: It does not fit the site; lists every finding with its place.
    """
    return _bound_or_raise(playbook, site, default_role_binding(playbook, roles), given)


def bind_triggers(playbook: Playbook, site: Site) -> list[bound.BoundPlaybook]:
    """Binds a playbook once for each role binding of its triggers, with the errors of `bind`.

    Each has its own triggers. A playbook without triggers gives none.
    """
    return [
        _bound_or_raise(playbook, site, role_binding) for role_binding in role_bindings(playbook)
    ]


def _bound_or_raise(
    playbook: Playbook, site: Site, role_binding: RoleBinding, given: Mapping[str, str] = NOTHING
) -> bound.BoundPlaybook:
    binding = try_bind(playbook, site, role_binding, given)
    if binding.findings:
        raise PlaybookError(binding.findings)
    return binding.plan


@dataclass(frozen=True, slots=True)
class BindingResult:
    """Bound playbook with the findings of binding it."""

    plan: bound.BoundPlaybook  # valid only without findings
    findings: Sequence[Finding]
    texts: str  # every text in it that can use a parameter, one a line


def try_bind(
    playbook: Playbook, site: Site, role_binding: RoleBinding, given: Mapping[str, str] = NOTHING
) -> BindingResult:
    """Binds a playbook and returns its findings instead of raising them."""
    names = tag_names(site, role_binding.roles)
    constants = Expressions(playbook, {})
    parameters = bind_parameters(playbook, constants, given)
    expressions = Expressions(playbook, {**names, **parameters})
    plan = _Binder(playbook, site, role_binding, expressions).build(parameters, given)
    findings = list(check_role_binding(playbook, site, role_binding, parameters))
    # A role without equipment causes an error wherever it is named; one finding is enough.
    if all(finding.code == "check-failed" for finding in findings):
        findings += expressions.findings
    findings += constants.findings
    return BindingResult(plan, list(dict.fromkeys(findings)), "\n".join(expressions.texts))


def _concurrency(spec: ConcurrencySpec | None) -> Concurrency:
    if spec is None:
        return Concurrency()
    return Concurrency(spec.policy, spec.max, spec.priority or LOWEST_PRIORITY)


class _Binder:
    def __init__(
        self, playbook: Playbook, site: Site, role_binding: RoleBinding, expressions: Expressions
    ) -> None:
        self._playbook = playbook
        self._file = playbook.file
        self._site = site
        self._role_binding = role_binding
        self._read = expressions
        self._triggers = TriggerBinder(playbook, site, role_binding, expressions)
        self._steps = StepBinder(playbook, site, role_binding.roles, expressions)

    def build(
        self, parameters: Mapping[str, Constant], given: Mapping[str, str]
    ) -> bound.BoundPlaybook:
        file, safe = self._file, self._file.safe_state
        self._check_ends()
        values = {name: parameter_text(each) for name, each in parameters.items()}
        return bound.BoundPlaybook(
            id=file.id,
            version=file.version,
            title=file.title,
            file=self._playbook.display_name,
            digest=self._playbook.digest,
            roles=dict(self._role_binding.roles),
            parameters={**self._role_binding.roles, **values},
            given={name: values[name] for name in given if name in values},
            triggers=tuple(self._triggers.triggers()),
            assets=tuple(self._assets()),
            evidence_for=self._checks(file.diagnosis.for_, ("diagnosis", "for")),
            evidence_against=self._checks(file.diagnosis.against, ("diagnosis", "against")),
            permissives=self._checks(file.permissives, ("permissives",), on_snapshot=True),
            invariants=tuple(self._invariants()),
            approval=self._steps.approval(file.approval) if file.approval else None,
            covers=frozenset((file.approval and file.approval.covers) or _ALL),
            steps=tuple(self._steps.step(step, ("steps", n)) for n, step in enumerate(file.steps)),
            safe_state=tuple(
                self._steps.safe_step(step, ("safe_state", "steps", n))
                for n, step in enumerate(safe.steps if safe else ())
            ),
            escalations=tuple(
                bound.Escalation(each.when, each.after, tuple(each.to)) for each in file.escalate
            ),
            max_writes=file.limits.max_writes,
            max_duration_s=file.limits.max_duration,
            lease_s=file.limits.lease,
            schedules=tuple(self._triggers.schedules()),
            is_manual=self._triggers.is_manual,
            style=file.style,
            concurrency=_concurrency(file.concurrency),
            achieves=self._achieves(file.achieves),
            deadline_s=file.deadline.within if file.deadline else None,
            advice=bind_advice(self._playbook, file.advise, self._read) if file.advise else None,
            adjustable=tuple(adjustable(file.parameters)),
        )

    def _assets(self) -> Iterator[str]:
        keys = self._file.concurrency.key if self._file.concurrency else ()
        for n, key in enumerate(keys):
            yield self._steps.asset(key, ("concurrency", "key", n))

    def _checks(
        self,
        checks: Sequence[EvidenceSpec | PermissiveSpec],
        path: Path_,
        *,
        on_snapshot: bool = False,
    ) -> tuple[bound.Check, ...]:
        found: list[bound.Check] = []
        for n, each in enumerate(checks):
            here = (*path, n)
            if any(each.id == other.id for other in found):
                self._read.report("duplicate-id", (*here, "id"), f"{each.id!r} stands here twice")
            condition = self._read.condition((*here, "that"), each.that, on_snapshot=on_snapshot)
            suggest = each.suggest if isinstance(each, EvidenceSpec) else ""
            suggest = "" if suggest == "none" else suggest
            now = self._read.without_window(each.that) if on_snapshot else None
            place = self._playbook.place(here)
            found.append(bound.Check(each.id, condition, place, suggest, now))
        return tuple(found)

    def _invariants(self) -> Iterator[bound.Invariant]:
        for n, each in enumerate(self._file.invariants):
            path: Path_ = ("invariants", n)
            condition = self._read.condition((*path, "that"), each.that, on_snapshot=True)
            place = self._playbook.place(path)
            yield bound.Invariant(condition, each.grace, each.on_violation, place)

    def _achieves(self, text: str) -> Condition | None:
        if not text:
            return None
        steps = [each.id for each in self._file.steps]
        return self._read.within(StepScope(steps)).condition(("achieves",), text)

    def _check_ends(self) -> None:
        file = self._file
        check_style(self._playbook, self._read)
        check_plant(self._playbook, self._site, self._read)
        writes = list(self._unapproved())
        has_any = file.approval or any(each.approval or each.hold_point for each in file.steps)
        if writes or (file.safe_state and not has_any):
            path: Path_ = ("steps", writes[0]) if writes else ("safe_state",)
            finding = self._playbook.key_finding(
                "no-approval", path, "it writes without an approval", "write approval"
            )
            self._read.findings.append(finding)
        if file.safe_state:
            return
        for n, step in enumerate(file.steps):
            if step.on_fail and step.on_fail.then == "safe_state":
                self._no_safe_state(("steps", n, "on_fail", "then"))
        for n, invariant in enumerate(file.invariants):
            if invariant.on_violation == "safe_state":
                self._no_safe_state(("invariants", n, "on_violation"))

    def _unapproved(self) -> Iterator[int]:
        """Yields the steps that write without an approval of theirs or the playbook's."""
        has_own = bool(self._file.approval)
        for n, step in enumerate(self._file.steps):
            if step.approval or step.hold_point:
                has_own = True
            if step.write and not has_own:
                yield n
            if step.approval and not self._file.approval:
                has_own = False  # it is for this step alone

    def _no_safe_state(self, path: Path_) -> None:
        self._read.report("no-safe-state", path, "the playbook has no safe_state")
