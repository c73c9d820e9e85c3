"""Binding of the steps of a playbook."""

from collections.abc import Iterable, Mapping, Sequence

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.tools.conditions import Condition, Expression, StepScope

from ..language import schema_parts as spec
from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.schema import SafeStepSpec, StepSpec
from . import step_model as bound
from .bind_writes import bind_writes


class StepBinder:
    """Binds steps for one role binding. Findings are added to the expressions."""

    def __init__(
        self, playbook: Playbook, site: Site, roles: Mapping[str, str], expressions: Expressions
    ) -> None:
        self._playbook = playbook
        self._site = site
        self._roles = roles
        self._read = expressions
        self._ids: dict[str, None] = {}

    def step(self, step: StepSpec, path: Path_) -> bound.Step:
        """Binds a step."""
        earlier = list(self._ids)
        before = self._read.within(StepScope(earlier))
        began = self._read.within(StepScope(earlier, step.id))
        self._check_id(step.id, path)
        verify = _verify(step.verify, (*path, "verify"), began)
        on_fail = step.on_fail
        if on_fail and on_fail.retry and step.write:
            text = "a write is never repeated: another attempt is another request"
            self._read.report("retry", (*path, "on_fail", "retry"), text, "write retry: 0")
        work = self._work(step, path, began)
        undo = self._undo(step, work, (*path, "undo"))
        return bound.Step(
            id=step.id,
            title=step.title or step.id,
            place=self._playbook.place(path),
            work=work,
            if_=_if(step.if_, path, before),
            ramp_per_s=self._ramp(step, work, (*path, "ramp", "rate")),
            approval=self.approval(step.approval) if step.approval else None,
            hold_point=self._hold_point(step.hold_point, (*path, "hold_point"), before),
            expects=tuple(
                _expectation(each, verify, (*path, "expect", n), began)
                for n, each in enumerate(step.expect)
            ),
            verify=verify,
            undo=undo,
            undo_reason=(step.undo.none or "") if step.undo else "",
            on_fail=(
                bound.OnFail(on_fail.then, on_fail.notify, on_fail.retry)
                if on_fail
                else bound.OnFail("hold")
            ),
        )

    def safe_step(self, step: SafeStepSpec, path: Path_) -> bound.Step:
        """Binds a step of the safe state."""
        self._check_id(step.id, path)
        return bound.Step(
            id=step.id,
            title=step.title or step.id,
            place=self._playbook.place(path),
            work=bind_writes(step.write, (*path, "write"), self._read, is_fixed=True),
            if_=_if(step.if_, path, self._read),
        )

    def asset(self, name: str, path: Path_) -> str:
        """Returns the equipment of a role or a name."""
        self._read.texts.append(name)
        asset = self._roles.get(name, name)
        if asset not in self._site.equipment and name not in self._roles:
            self._read.report("unknown-name", path, f"there is no equipment and no role {name!r}")
        return asset

    def approval(
        self,
        approval: spec.ApprovalSpec | spec.StepApprovalSpec | spec.HoldPointSpec | spec.ManualSpec,
    ) -> bound.RequiredApproval:
        """Binds an approval."""
        return bound.RequiredApproval(approval.role, approval.within, approval.on_timeout or "hold")

    def _check_id(self, step_id: str, path: Path_) -> None:
        if step_id in self._ids:
            self._read.report("duplicate-id", (*path, "id"), f"{step_id!r} stands here twice")
        self._ids[step_id] = None

    def _work(self, step: StepSpec, path: Path_, read: Expressions) -> bound.Work:
        if step.write:
            return bind_writes(step.write, (*path, "write"), read)
        if step.wait:
            until = read.condition((*path, "wait", "until"), step.wait.until)
            return bound.Wait(until, step.wait.hold, step.wait.within)
        if manual := step.manual:
            texts = (
                read.template((*path, "manual", "instructions", n), text)
                for n, text in enumerate(manual.instructions)
            )
            return bound.Manual(self.approval(manual), manual.sign_off, tuple(texts))
        if step.workorder:
            return self._workorder(step.workorder, (*path, "workorder"), read)
        if step.run:
            at: Path_ = (*path, "run", "bind")
            roles = {role: self.asset(name, (*at, role)) for role, name in step.run.bind.items()}
            return bound.RunPlaybook(step.run.playbook, roles)
        assert step.notify is not None  # the schema allows exactly one
        text = read.template((*path, "notify", "text"), step.notify.text)
        return bound.NotifyStep(tuple(step.notify.to), text)

    def _workorder(
        self, order: spec.WorkOrderSpec, path: Path_, read: Expressions
    ) -> bound.WorkOrderStep:
        trends: list[bound.TrendEvidence] = []
        for n, each in enumerate(order.evidence):
            if each.trend and each.last is not None:
                tag = read.tag((*path, "evidence", n, "trend"), each.trend)
                trends += [bound.TrendEvidence(tag, each.last)] if tag else []
        return bound.WorkOrderStep(
            asset=self.asset(order.asset, (*path, "asset")),
            kind=order.class_,
            priority=order.priority,
            due=self._due(order.due, (*path, "due"), read),
            at_most_s=order.at_most,
            title=read.template((*path, "title"), order.title),
            trends=tuple(trends),
            traces=any(each.trace for each in order.evidence),
        )

    def _ramp(self, step: StepSpec, work: bound.Work, path: Path_) -> float | None:
        if step.ramp is None or not isinstance(work, tuple) or not work:
            return None
        tag = work[0].tag
        if tag.kind not in {"float", "int"}:
            self._read.report("wrong-value", path, f"{tag.name} cannot ramp: it is no number")
            return None
        per_minute = self._read.constant(path, step.ramp.rate, f"{tag.unit}/min")
        if not isinstance(per_minute, int | float):
            return None
        if per_minute <= 0.0:
            self._read.report("wrong-value", path, "a rate is above 0")
        return per_minute / 60.0

    def _due(self, due: float | str, path: Path_, read: Expressions) -> float | Expression:
        found = read.computed(path, due, "s") if isinstance(due, str) else due
        if not isinstance(found, Expression):
            return found or 0.0
        value = None if found.tags else found.value({})
        return float(value) if isinstance(value, int | float) else found

    def _hold_point(
        self, point: spec.HoldPointSpec | None, path: Path_, read: Expressions
    ) -> bound.HoldPoint | None:
        if point is None:
            return None
        prompt = read.template((*path, "prompt"), point.prompt)
        return bound.HoldPoint(self.approval(point), prompt)

    def _undo(self, step: StepSpec, work: bound.Work, path: Path_) -> bound.Undo | None:
        if step.undo is None or step.undo.write is None:
            return None
        began = self._read.within(StepScope([], step.id))
        undo = bound.Undo(
            writes=bind_writes(step.undo.write, (*path, "write"), began),
            # It is signed with the write, before the step begins.
            if_=_if(step.undo.if_, path, self._read),
            verify=_verify(step.undo.verify, (*path, "verify"), began),
        )
        # Writes that could not be bound are reported already and are not compared.
        is_bound = len(undo.writes) == len(step.undo.write)
        if is_bound and isinstance(work, tuple) and len(work) == len(step.write or {}):
            self._check_undo(work, step.undo.write, undo, (*path, "write"))
        return undo

    def _check_undo(
        self, work: Sequence[bound.Write], table: Iterable[str], undo: bound.Undo, path: Path_
    ) -> None:
        commanded = {each.tag.name: each.value for each in work}
        undone = {each.tag.name for each in undo.writes}
        if undone != commanded.keys():
            text = f"undoes {', '.join(sorted(undone))}"
            text += f", but the step writes {', '.join(sorted(commanded))}"
            hint = "an undo writes just the tags of its step"
            self._refuse("undo-other-tag", path, text, hint)
        for key, write in zip(table, undo.writes, strict=True):
            if isinstance(write.value, Expression) and _reads_live(write.value):
                text = f"{write.tag.name} would be undone to a value that moves with the plant"
                hint = f"write before({write.tag.name})"
                self._refuse("not-constant", (*path, key), text, hint)
            if commanded.get(write.tag.name) == write.value:
                text = f"writes to {write.tag.name} what the step wrote"
                hint = "write what was there before, or undo: none"
                self._refuse("undo-changes-nothing", (*path, key), text, hint)

    def _refuse(self, code: str, path: Path_, text: str, hint: str) -> None:
        self._read.findings.append(self._playbook.key_finding(code, path, text, hint))


def _reads_live(formula: Expression) -> bool:
    """Whether an expression reads a tag other than by `before`."""
    values: dict[str, Value] = {"bool": True, "string": ""}
    readings = {
        each.name: DataValue(values.get(each.kind, 1), GOOD, None, None, 0.0)
        for each in formula.sources
    }
    recorded = {each.key: each.at_begin(readings) for each in formula.step_values}
    known = {key: value for key, value in recorded.items() if value is not None}
    is_known = formula.value(readings, recorded=known) is not None
    return is_known and formula.value({}, recorded=known) is None


def _if(text: str | None, path: Path_, read: Expressions) -> Condition | None:
    return read.condition((*path, "if"), text, on_snapshot=True) if text else None


def _verify(verify: spec.VerifySpec | None, path: Path_, read: Expressions) -> bound.Verify | None:
    if verify is None:
        return None
    that = read.condition((*path, "that"), verify.that)
    return bound.Verify(that, verify.hold, verify.within)


def _expectation(
    expected: spec.ExpectationSpec, verify: bound.Verify | None, path: Path_, read: Expressions
) -> bound.StepExpectation:
    within = expected.within
    if within is None:
        within = verify.within_s if verify else 0.0
    return bound.StepExpectation(read.condition((*path, "that"), expected.that), within)
