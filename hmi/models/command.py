"""The commands `handwheel models`."""

from collections.abc import Sequence
from operator import itemgetter
from statistics import median
from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.connectors.model.language_models import LanguageModel
from handwheel.connectors.model.site import Site
from handwheel.tools.safe_text import printable

from ..shell.cli.exits import NO, run, silence_models
from ..shell.cli.field_lines import print_result
from ..shell.cli.interrupts import uninterrupted_import
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.show import Column, show
from ..shell.terminal.wrap import fold

if TYPE_CHECKING:  # slow to import
    from handwheel.agents.planning.model.exchange import Call
    from handwheel.agents.planning.model.pooled_model import PooledModel

_UNTESTED = "the agents have not tested it yet"


def usage_fields(site: Site) -> list[dict[str, Any]]:
    """Returns each model with its health, and its calls of the last hour."""
    with uninterrupted_import():
        from handwheel.agents.planning.model.exchange import HOUR_S
        from handwheel.agents.planning.model.pool import UsageFile

    usage = UsageFile(site.state)
    kept: dict[str, Any] = dict(usage.content().get("models", {}))
    calls, since = usage.read(), time() - HOUR_S
    return [
        _fields(
            each,
            kept.get(each.name, {}),
            [one for one in calls.get(each.name, ()) if one.at > since],
        )
        for each in site.models
    ]


def _fields(spec: LanguageModel, kept: dict[str, Any], calls: "list[Call]") -> dict[str, Any]:
    tokens, cost, budget = sum(each.tokens for each in calls), spec.cost, spec.budget
    spent = None
    if cost is not None:
        prompts = sum(each.prompt_tokens for each in calls)
        answers = sum(each.answer_tokens for each in calls)
        spent = cost.of(prompts, answers)
    return {
        "name": spec.name, "kind": spec.kind, "roles": list(spec.roles),
        "method": str(kept.get("method", "")), "fault": str(kept.get("fault", _UNTESTED)),
        "calls": len(calls), "valid": sum(each.is_valid for each in calls), "tokens": tokens,
        "median_s": round(median(each.seconds for each in calls), 3) if calls else None,
        "cost": spent, "currency": cost.currency if cost else "",
        "budget_left": {
            "calls": max(budget.calls - len(calls), 0), "tokens": max(budget.tokens - tokens, 0),
        },
    }  # fmt: skip


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_NONE = "no models; name some under models in site.yaml"


@app.command("list")
def list_models(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the models with their health, cost and budget.

    It is what the agents of the site have found in the last hour. A model without a method is
    down, or was not asked yet. No model is asked.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    fields = usage_fields(opened)
    after = [f"{each['name']}: {each['fault']}" for each in fields if each["fault"]]
    show(
        fields, _COLUMNS, fields=dict, as_json=as_json, has_head=True,
        after=after if fields else [_NONE],
    )  # fmt: skip


@app.command("test")
def try_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Name of a model. Default: every model of the site."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test each model by one question.

    It finds a method that gives a valid answer. A local model is loaded for it in a process of
    its own. The question is about no plant, and the call counts for no budget.

    Exit codes: 0 every model has answered, 1 one has not, 2 wrong usage or configuration.
    """
    with uninterrupted_import():
        from handwheel.agents.planning.model.pool import site_pool

    opened = open_site(site)
    pool = site_pool(opened)
    wanted = _wanted(opened, names or ())
    models = [each for each in pool.models if each.spec.name in wanted]

    async def work() -> None:
        for each in models:
            await each.start()
            await each.close()

    with silence_models():
        run(work())
    found = [_tested(each) for each in models]
    has_fault = any(each["fault"] for each in found)
    lines = [_line(each) for each in found] or [_NONE]
    lines += [next_step("check")] if has_fault else []
    print_result(found, lines, as_json=as_json)
    if has_fault:
        raise SystemExit(NO)


def _wanted(site: Site, names: Sequence[str]) -> list[str]:
    known = [each.name for each in site.models]
    for each in names:
        if each not in known:
            hint = did_you_mean(each, known) or f"; known: {', '.join(known) or 'none'}"
            raise ConfigError.of(f"there is no model {each!r}{hint}; {next_step('models', 'list')}")
    return list(names) or known


def _tested(model: "PooledModel") -> dict[str, Any]:
    calls = model.calls
    return {
        "name": model.spec.name, "method": model.method, "fault": model.fault,
        "seconds": round(calls[-1].seconds, 3) if calls else None,
        "tokens": calls[-1].tokens if calls else None,
    }  # fmt: skip


def _line(tested: dict[str, Any]) -> str:
    if tested["fault"]:
        fault = printable(tested["fault"]).replace(f"NotConnected: {tested['name']}: ", "")
        return fold(f"{tested['name']}: {fault}", 2)
    took = f"{tested['seconds']:.1f} s, {tested['tokens']} tokens"
    return f"{tested['name']}: answers by {tested['method']}, {took}"


def _cost(each: dict[str, Any]) -> str:
    return f"{each['cost']:.4f} {each['currency']}" if each["cost"] is not None else "-"


def _median(each: dict[str, Any]) -> str:
    return format_duration(each["median_s"]) if each["median_s"] is not None else "-"


_COLUMNS: list[Column[dict[str, Any]]] = [
    Column("name", itemgetter("name")),
    Column("kind", itemgetter("kind")),
    Column("roles", lambda each: ", ".join(each["roles"])),
    Column("method", lambda each: each["method"] or "-"),
    Column("calls/h", itemgetter("calls")),
    Column("valid", itemgetter("valid")),
    Column("median", _median),
    Column("cost", _cost),
    Column(
        "budget left", lambda each: "{calls} calls, {tokens} tokens".format_map(each["budget_left"])
    ),
]
