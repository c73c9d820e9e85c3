"""Answers about plans of people to take equipment out of service."""

from collections.abc import Mapping

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site

from ...lookahead.prediction import Margin, Prediction, trust_text
from ..examples import nearest
from ..fact import Answer, joined
from ..question import NotUnderstood, Question
from ..refusals import NEEDS_ONE
from ..sources import PlannedLine, PossiblePlan, Sources
from .trends import span_text

_DIGITS = 3
_RECORD = (
    " Where it is recorded, the agents judge it again then and tell people, who start it or not."
)
_CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "for": (
        "Evidence for it that is met:",
        "Its evidence",
        ", so the agents would not begin it themselves",
    ),
    "against": (
        "Evidence against it that is not met:",
        "Evidence against it,",
        ", which prevents it",
    ),
    "permissive": ("Permissives that are met:", "Its permissive", ", which prevents it"),
}  # how sentences begin about conditions that are as they must be and not, and how the latter end


def plan(question: Question, sources: Sources, answer: Answer) -> None:
    """Answers which plan would take equipment out of service, and what speaks against it now."""
    name = _piece(question, sources.site)
    found = sources.plans(name)
    for each in found.plans:
        _say_plan(answer, each)
    if not found.plans:
        answer.say(f"No playbook of this site takes {name} out of service.")
    for why in found.missing:
        reason = answer.fact(name, why, "released playbooks")
        answer.say(f"No plan could be composed: {reason}.", is_caution=True, is_more=True)
    if question.at and found.plans:
        day = f" on {question.day}" if question.day[:1].isdigit() else f" {question.day}"
        at = answer.fact("the question", f"{question.at}{day}".rstrip(), "the question")
        record = "" if found.plans[0].is_composed else _RECORD
        answer.say(
            f"It is no standing approval: nothing is started at {at} by itself.{record}",
            is_caution=True,
        )


def _piece(question: Question, site: Site) -> str:
    """Returns the equipment of a plan. Raises `NotUnderstood` where it names none."""
    pieces = [each.name for each in question.subjects if each.kind == "equipment"]
    if pieces:
        return pieces[0]
    near = nearest(["TAKE", "OUT", "NEED"], site, question.subjects)
    raise NotUnderstood(f"{NEEDS_ONE}. Try:", near, is_final=True)


def _say_plan(answer: Answer, found: PossiblePlan) -> None:
    origin = f"playbook {found.playbook}, judged now"
    roles = ", ".join(f"{role} {name}" for role, name in found.roles.items())
    bound = f" ({roles})" if roles else ""
    name = answer.fact(found.playbook, f"{found.playbook}{bound}", origin)
    title = answer.fact(found.playbook, found.title, origin)
    answer.say(f"{name} would do it: {title}.")
    _say_release(answer, found)
    _say_conditions(answer, found, origin)
    for each in found.lines:
        if each.what == "write":
            _say_write(answer, each, origin)
    for why in found.reasons:
        reason = answer.reason(found.playbook, why, origin)
        answer.say(f"It may not be asked for now: {reason}.", is_caution=True, is_more=True)
    for finding in found.findings:
        answer.say(f"Lint finds {answer.fact(found.playbook, finding, 'lint')}.", is_more=True)
    if not found.findings:
        answer.say("Lint finds nothing.", is_more=True)
    _say_ahead(answer, found)
    if not found.is_composed:
        words = [word for pair in found.roles.items() for word in ("--role", "=".join(pair))]
        answer.next_steps.append(next_step("playbooks", "plan", found.playbook, *words))


def _say_release(answer: Answer, found: PossiblePlan) -> None:
    if found.is_composed:
        answer.say(
            "It is composed of steps of released playbooks and released itself by nobody, so two "
            "people must approve each of its requests, and only if the twin clears it.",
            is_caution=True, is_more=True,
        )  # fmt: skip
    elif not found.is_released:
        answer.say(
            "It is not released, so two people must approve each of its requests.",
            is_caution=True, is_more=True,
        )  # fmt: skip


def _say_conditions(answer: Answer, found: PossiblePlan, origin: str) -> None:
    """Says which conditions are as they must be, and each that is not with its values."""
    for what, (met, unmet, so) in _CONDITIONS.items():
        own = [each for each in found.lines if each.what == what]
        places = [
            answer.fact(found.playbook, each.name, f"{origin}: {each.now}")
            for each in own
            if not each.prevents
        ]
        if places:
            answer.say(f"{met} {joined(places)}.", is_more=True)
        for each in own:
            if each.prevents:
                now = answer.fact(each.name, each.now, origin)
                why = answer.fact(each.name, each.prevents, origin)
                answer.say(f"{unmet} {now} {why}{so}.", is_caution=True, is_more=True)


def _say_write(answer: Answer, each: PlannedLine, origin: str) -> None:
    now = answer.fact(each.name, each.now or "unknown", origin)
    proposed = answer.fact(each.name, each.proposed, origin)
    why = answer.reason(each.name, each.prevents, origin) if each.prevents else ""
    prevented = f", prevented: {why}" if why else ""
    answer.say(
        f"It would write {each.name}: {now} now, {proposed} proposed{prevented}.",
        is_caution=True, is_more=True,
    )  # fmt: skip


def _say_ahead(answer: Answer, found: PossiblePlan) -> None:
    ahead = found.ahead
    if ahead is None:
        reason = answer.fact(found.playbook, found.not_ahead or "no twin was asked", "twin")
        answer.say(f"Nothing is foretold: {reason}.", is_caution=True, is_more=True)
    else:
        for each in ahead.margins:
            _say_margin(answer, each, ahead)
        if not ahead.margins:
            answer.say("It has no invariant, so the twin checks none.", is_more=True)
        _say_events(answer, found.playbook, ahead)
        trust = answer.fact(found.playbook, trust_text(ahead), f"twin {ahead.twin}")
        answer.say(f"The twin is {trust}.", is_caution=not ahead.is_trusted, is_more=True)
        if ahead.forbids:
            answer.say(
                "It breaks an invariant in a trusted twin, so the agents would not ask for it.",
                is_caution=True, is_more=True,
            )  # fmt: skip
    if found.is_composed and not (ahead and ahead.clears):
        answer.say(
            "The twin does not clear it, so the agents would not ask for it.",
            is_caution=True, is_more=True,
        )  # fmt: skip


def _say_margin(answer: Answer, each: Margin, ahead: Prediction) -> None:
    origin = f"twin {ahead.twin}"
    text = answer.fact("invariant", each.text, origin)
    if each.with_plan is None:
        answer.say(f"The twin does not tell whether {text} holds.", is_caution=True, is_more=True)
        return
    horizon = answer.fact("invariant", span_text(ahead.horizon_s), origin)
    least = [
        f"{answer.fact('invariant', _distance(value, each.unit), origin)} {words}"
        for value, words in ((each.with_plan, "with it"), (each.without, "without it"))
        if value is not None
    ]
    word = "breaks" if each.is_broken else "holds"
    answer.say(
        f"By the twin {text} {word} within {horizon}, its least margin is {joined(least)}.",
        is_caution=each.is_broken, is_more=True,
    )  # fmt: skip


def _distance(value: float, unit: str) -> str:
    return f"{value:.{_DIGITS}g} {unit}".rstrip()


def _say_events(answer: Answer, name: str, ahead: Prediction) -> None:
    new = [each for each in ahead.with_plan.alarms if each not in ahead.without.alarms]
    for each in new:
        alarm = each.removesuffix(".active")
        answer.say(
            f"Alarm {alarm} would come, which else it would not.", is_caution=True, is_more=True
        )
    for words, course in (("without it", ahead.without), ("with it", ahead.with_plan)):
        if course.trip is not None:
            place = answer.fact(name, f"{span_text(course.trip[0])}, {course.trip[1]}", "twin")
            answer.say(
                f"The plant would trip {words} after {place}.", is_caution=True, is_more=True
            )
