"""Parts of a card about a run with its evidence and recovery."""

from collections.abc import Callable, Mapping

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue

from ....conditions.condition import Condition, parse_condition, tags_in
from ....conditions.errors import ConditionError
from ....conditions.truth import split_shown
from ....requests.request import ActionRequest, Evidence, Requirement
from ....safe_text import plain, printable
from .card_model import CardCondition, CardEvidence, CardFrame, CardOrder, CardRecovery, CardRun
from .command_words import CommandWords

_OVER_TIME = "over time"
_NOT_READ = "not in the gate's snapshot"
_OTHER_TAGS = "the site's tags are others now"


def run_of(
    request: ActionRequest,
    tags: Mapping[str, Tag],
    values: Mapping[str, DataValue],
    *,
    is_released: bool,
    ordered: CardOrder | None = None,
) -> CardRun | None:
    """Returns the run of a request, or `None` if it has none.

    If its plan is not released, the playbook that it names is left out, and so is the order: it
    is not known then that the writes are those of the playbook that was ordered.
    """
    run = request.run
    if run is None:
        return None
    found = [_evidence(each, tags, values) for each in request.evidence]
    if not is_released:
        found = [each.model_copy(update={"source": ""}) for each in found]
    return CardRun(
        run_id=run.run_id,
        playbook=plain(run.playbook) if is_released else "",
        version=plain(run.version) if is_released else "",
        segment=run.segment,
        parameters={plain(name): printable(value) for name, value in run.parameters.items()},
        max_duration_s=run.max_duration_s,
        supersedes=plain(request.supersedes) if request.supersedes else None,
        evidence=found,
        ordered=ordered if is_released else None,
    )


def _evidence(
    evidence: Evidence, tags: Mapping[str, Tag], values: Mapping[str, DataValue]
) -> CardEvidence:
    filed = CardEvidence(
        id=plain(evidence.id),
        side=evidence.side,
        filed=evidence.truth,
        shown=printable(_as_filed(evidence)),
        source=plain(evidence.source),
        alarm=_alarm(evidence, tags),
        label=_label(evidence, tags),
    )
    try:
        condition = parse_condition(evidence.text, tags, windows=True)
    except ConditionError:
        return filed.model_copy(update={"untold": _OTHER_TAGS})
    if untold := _untold(condition, values):
        return filed.model_copy(update={"untold": untold.reason})
    truth = condition.evaluate(values)
    shown = printable(condition.shown(values))
    return filed.model_copy(update={"now": truth.value, "shown_now": shown})


def _as_filed(evidence: Evidence) -> str:
    """Returns the condition that is evaluated here, with the values of the one who filed it."""
    values = split_shown(evidence.shown)[1]
    return f"{evidence.text}  [{values}]" if values else evidence.text


def _alarm(evidence: Evidence, tags: Mapping[str, Tag]) -> str:
    """Returns the alarm that a trigger reads, by what it reads and not by what it is called."""
    name, _, attribute = evidence.text.partition(".")
    is_alarm = evidence.side == "trigger" and attribute == "active" and evidence.text in tags
    return plain(name) if is_alarm else ""


def _label(evidence: Evidence, tags: Mapping[str, Tag]) -> str:
    """Returns the label of the first tag of a trigger that has one."""
    if evidence.side != "trigger":
        return ""
    labels = (tags[name].label for name in sorted(tags_in([evidence.text], tags)))
    return printable(next(filter(None, labels), ""))


def _untold(condition: Condition, values: Mapping[str, DataValue]) -> Denial | None:
    if condition.windows:
        return Denial("window", _OVER_TIME)
    return None if values.keys() >= set(condition.tags) else Denial("not_read", _NOT_READ)


def recovery_of(
    request: ActionRequest,
    judge: Callable[[Requirement], CardCondition],
    words: CommandWords,
) -> list[CardRecovery]:
    """Returns the recovery actions of a request, with their conditions judged."""
    numbers = {each.action_id: number for number, each in enumerate(request.commands, start=1)}
    return [
        CardRecovery(
            equipment=plain(each.equipment),
            tag=plain(each.tag),
            verb=words.verb(each),
            after=words.after(each),
            unit=printable(each.unit),
            undoes=numbers.get(each.undoes or ""),
            before=plain(each.undoes) if each.undoes and each.undoes not in numbers else None,
            step=plain(each.step) if each.step else None,
            only_if=[judge(condition) for condition in each.requires if condition.why == "if"],
            frame=CardFrame.of(each),
        )
        for each in request.recovery
    ]
