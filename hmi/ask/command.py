"""The command `handwheel ask`."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from ..shell.cli.completion import (
    Completer,
    complete_assignment,
    complete_case,
    complete_equipment,
    complete_playbook,
    complete_request,
    complete_tag,
)
from ..shell.cli.exits import NO, silence_models, silence_protocols
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold, warn

if TYPE_CHECKING:
    from handwheel.agents.questions.model import FreeAnswer
    from handwheel.agents.questions.question import Answer
    from handwheel.agents.questions.site_model import SiteModel
    from handwheel.agents.questions.sources import Sources
    from handwheel.connectors.model.site import Site

_COMPLETERS: dict[str, Completer] = {
    "tag": complete_tag, "alarm": complete_tag, "equipment": complete_equipment,
    "machine": complete_equipment,
    "request": complete_request, "case": complete_case, "playbook": complete_playbook,
}  # fmt: skip


def complete_word(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the ids of questions, then what the site has for the next parameter."""
    from handwheel.agents.questions.catalogue import catalogue

    words: Sequence[str] = ctx.params.get("words") or ()
    if not words:
        return [each for each in catalogue() if each.startswith(incomplete)]
    own = catalogue().get(words[0])
    if own is None or len(words) > len(own.parameters):
        return []
    name = own.parameters[len(words) - 1].name
    if name == "set_point":
        return [each.removesuffix("=") for each in complete_assignment(ctx, incomplete)]
    return _COMPLETERS[name](ctx, incomplete) if name in _COMPLETERS else []


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUESTION [PARAMETER]...]", autocompletion=complete_word,
            help="Such as: value PT-102. Without one the questions are listed.",
        ),
    ] = None,
    site: SiteOption = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="The only model to ask.")
    ] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="Of plan-out: record it, so that the agents tell people of "
                     "it at its time."),
    ] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Answer a question of the catalogue from facts, each with its place and time (UTC).

    Without a question it lists them with their parameters, which are given in their order or as
    NAME=VALUE. Other words are answered by a language model if site.yaml names one with the role
    phrase, from the facts of the same questions. Without one, the nearest questions are offered.
    Asking changes nothing. With --record the agents judge a plan again at its time, within 7 days,
    and tell people. It starts nothing, and runs withdraw ends it.

    Exit codes: 0 answered, 1 the words are none of the questions, or refused, 2 wrong usage or
    configuration, or no plan with a clear time to record, 3 a device that the answer needs, or the
    agents that judge or record, are not reachable (what is known is shown).
    """  # fmt: skip
    if not words:
        _list(as_json=as_json)
        return
    with uninterrupted_import():
        from handwheel.agents.questions.catalogue import answer_to, catalogue
        from handwheel.connectors.errors import NotConnected
        from handwheel.errors import NoAgents

        from .present_sources import present_sources
    silence_protocols()
    opened = open_site(site)
    with ExitStack() as stack:
        is_free = words[0] not in catalogue()
        word_model = _word_model(opened, model, stack) if is_free else None
        sources, plant = stack.enter_context(present_sources(opened))
        if is_free:
            _answer_freely(" ".join(words), sources, word_model, as_json=as_json)
        else:
            answer = answer_to(words[0], words[1:], sources)
            _show(answer, sources, plant.found, record=record, as_json=as_json)
    if plant.down:
        raise NotConnected(plant.down)
    if sources.lacks_agents:
        raise NoAgents("nobody judges what is wrong now")


def _list(*, as_json: bool) -> None:
    from handwheel.agents.questions.catalogue import catalogue

    every = catalogue().values()
    if as_json:
        fields = [
            {"question": each.id, "title": each.title,
             "parameters": [{"name": one.name, "default": one.usual} for one in each.parameters]}
            for each in every
        ]  # fmt: skip
        typer.echo(json.dumps({"questions": fields}))
        return
    width = max(len(each.usage) for each in every)
    for each in every:
        typer.echo(fold(f"{each.usage:<{width}}  {each.title}", width + 2))


def _show(
    answer: "Answer", sources: "Sources", found: object, *, record: bool, as_json: bool
) -> None:
    """Prints an answer, records its plan where that is wanted, and says so."""
    with uninterrupted_import():
        from handwheel.agents.questions.sources import FoundPlans
        from handwheel.tools.errors import InvalidArguments

        from .record_intention import offer_lines, record_intention, recorded_lines
    is_plan = "at" in answer.parameters
    if record and not is_plan:
        raise InvalidArguments("only the plan of plan-out can be recorded")
    plans, now = found if isinstance(found, FoundPlans) else None, sources.now.astimezone()
    if not as_json:
        _echo(answer.lines, answer)
    intention = record_intention(answer, plans, sources.site, now) if record else None
    if as_json:
        more = {} if intention is None else {"intention": intention}
        typer.echo(json.dumps({**answer.fields, **more}))
        return
    more_lines = recorded_lines(intention) if intention else ()
    for line in more_lines if record else offer_lines(answer, plans, now) if is_plan else ():
        typer.echo(fold(line, 2))


def _echo(lines: Sequence[str], *answers: "Answer") -> None:
    """Prints sentences, then the facts that they cite, and what one can do next."""
    for line in lines:
        typer.echo(fold(line, 2))
    facts = [each for each in answers[-1].facts if any(f"[{each.id}]" in line for line in lines)]
    if facts:
        typer.echo("")
    for each in facts:
        typer.echo(fold(f"  {each.line}", 7))
    for step in dict.fromkeys(step for each in answers for step in each.next_steps):
        typer.echo(fold(step, 2))


def _answer_freely(
    text: str, sources: "Sources", model: "SiteModel | None", *, as_json: bool
) -> None:
    """Prints a model's answer to free words. Without one it offers questions and exits."""
    with uninterrupted_import():
        from handwheel.agents.planning.model.exchange import NoAnswer
        from handwheel.agents.questions.model import answer_freely
    fault = "that is none of the questions"
    if model is not None:
        try:
            found = answer_freely(text, sources, model)
        except NoAnswer as error:
            fault = f"{error}; {fault}"
        else:
            if found.answers:
                _show_free(text, found, as_json=as_json)
                return
    _offer(text, sources, fault, as_json=as_json)


def _show_free(text: str, found: "FreeAnswer", *, as_json: bool) -> None:
    if as_json:
        fields = {
            "asked": text, "model": found.model, "unverified": list(found.sentences),
            "dropped": found.dropped, "answers": [each.fields for each in found.answers],
        }  # fmt: skip
        typer.echo(json.dumps(fields))
        return
    own = [line for each in found.answers for line in each.lines]
    if found.sentences:
        typer.echo(f"In words of model {found.model}, unverified:")
        own = [*(f"  {each}" for each in found.sentences), "", "Of the catalogue:", *own]
    if found.dropped:
        own.append(f"({found.dropped} sentences of the model did not count.)")
    _echo(own, *found.answers)


def _offer(text: str, sources: "Sources", fault: str, *, as_json: bool) -> None:
    """Offers the nearest questions as commands, and exits."""
    from handwheel.agents.questions.offers import offers
    from handwheel.connectors.hints import next_step

    steps = [next_step("ask", *each) for each in offers(text, sources)]
    if as_json:
        typer.echo(json.dumps({"asked": text, "fault": fault, "offers": steps}))
    warn(f"{fault}; the nearest ones, and ask alone lists all:")
    for each in steps:
        typer.echo(fold(each, 2), err=True)
    raise SystemExit(NO)


def _word_model(site: "Site", name: str | None, stack: ExitStack) -> "SiteModel | None":
    """Returns the models of the site that may be asked, `None` where it has none.

    Raises `NoWordModel` where one is asked for and there is none.
    """
    if name is None and not any("phrase" in each.roles for each in site.models):
        return None
    with uninterrupted_import():
        from handwheel.agents.questions.site_model import SiteModel
    stack.enter_context(silence_models())
    return stack.enter_context(SiteModel.of(site, name or ""))
