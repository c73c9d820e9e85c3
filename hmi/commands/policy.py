"""`handwheel policy`: says what the site's policy makes of a write, and changes nothing."""

import json
from collections.abc import Iterator
from time import monotonic
from typing import Annotated

import typer

from handwheel.connectors.durations import format_duration
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.reader import read_once
from handwheel.connectors.site import Site
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Value
from handwheel.tools.guardrails.policy import Policy, Ruling, load_policy
from handwheel.tools.requests.values import parse_value, split_assignment

from ..exits import NO, run
from ..open_site import open_site
from ..options import JsonOption, SiteOption
from ..readings import reading_fields

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_WITH = {"after": "as it would be after the write", "now": "as the plant is"}


@app.callback()
def policy() -> None:
    """Say what the site's policy makes of a write."""


@app.command("explain")
def explain(
    assignment: Annotated[str, typer.Argument(metavar="TAG=VALUE", help="Such as PIC-102.sp=360.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a value may be written, by whom, and why.

    Names the limits and the rules. Reads the present value if the plant answers. Sends nothing.

    Exit codes: 0 it may be proposed, 1 it is denied.
    """
    name, text = split_assignment(assignment)
    opened = open_site(site)
    rules = load_policy(opened)
    (tag,) = opened.find_tags([name])
    run(_explain(opened, rules, tag, parse_value(tag, text), as_json=as_json))


async def _explain(site: Site, policy: Policy, tag: Tag, value: Value, *, as_json: bool) -> None:
    now = await _present(site, tag)
    ruling = policy.judge(tag, value, now)
    if as_json:
        typer.echo(json.dumps(_fields(tag, value, now, ruling)))
    else:
        for line in _lines(policy, tag, value, now, ruling):
            typer.echo(line)
    if not ruling.is_allowed:
        raise SystemExit(NO)


async def _present(site: Site, tag: Tag) -> DataValue | None:
    try:
        return (await read_once(site, [tag]))[tag.name]
    except NotConnected:
        return None


def _lines(
    policy: Policy, tag: Tag, value: Value, now: DataValue | None, ruling: Ruling
) -> Iterator[str]:
    verdict = f"allowed, class {ruling.risk_class}" if ruling.is_allowed else "denied"
    yield f"{tag.name} = {_with_unit(tag, value)}: {verdict}"
    yield from (_row("because", reason) for reason in ruling.reasons)
    if now is None:
        yield _row("now", "not known, the plant does not answer")
    else:
        yield _row("now", f"{tag.show(now)} {tag.unit}".rstrip() + f" ({now.status.name})")
    if ruling.is_allowed:
        people = "one person" if ruling.quorum == 1 else f"{ruling.quorum} different people"
        yield _row("approved by", f"{people} as {' and '.join(ruling.roles)}")
    yield from _bounds(tag, ruling)
    judged = [each for each in policy.across if tag.name not in each.spared]
    for across in judged if ruling.is_allowed else ():
        yield _row("must be true", f"{across.text}, {_WITH[across.with_]} ({across.id})")
    yield from (_row("rule", rule) for rule in ruling.rules)


def _bounds(tag: Tag, ruling: Ruling) -> Iterator[str]:
    for name, ends in (("limits", ruling.limits), ("normal band", ruling.band)):
        if ends:
            yield _row(name, f"{ends[0]:g} .. {ends[1]:g} {tag.unit}".rstrip())
    if ruling.max_step is not None:
        yield _row("largest step", f"{ruling.max_step:g} {tag.unit}".rstrip())
    if ruling.rate_per_s is not None:
        yield _row("largest rate", f"{ruling.rate_per_s * 60.0:g} {tag.unit}".rstrip() + "/min")
    if ruling.cooldown_s:
        yield _row("cool-down", f"{format_duration(ruling.cooldown_s)} after the last write")


def _row(name: str, text: str) -> str:
    return f"  {name:<13}{text}"


def _with_unit(tag: Tag, value: Value | None) -> str:
    return f"{tag.show_value(value)} {tag.unit}".rstrip()


def _fields(tag: Tag, value: Value, now: DataValue | None, ruling: Ruling) -> dict[str, object]:
    return {
        "tag": tag.name,
        "value": value,
        "shown": tag.show_value(value),
        "unit": tag.unit,
        "now": reading_fields(now, monotonic()) if now else None,
        "allowed": ruling.is_allowed,
        "class": ruling.risk_class,
        "roles": ruling.roles,
        "quorum": ruling.quorum,
        "reasons": ruling.reasons,
        "rules": ruling.rules,
        "limits": ruling.limits,
        "band": ruling.band,
        "max_step": ruling.max_step,
        "rate_per_s": ruling.rate_per_s,
        "cooldown_s": ruling.cooldown_s,
    }
