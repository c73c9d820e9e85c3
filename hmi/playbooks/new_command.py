"""The command `handwheel playbooks new`."""

from collections.abc import Iterator
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import SITE_FILE, Site
from handwheel.playbooks.language.errors import Finding, PlaybookError
from handwheel.playbooks.language.libraries import PACKAGE
from handwheel.playbooks.language.loader import load_library, parse_playbook
from handwheel.playbooks.language.schema_parts import PlaybookId
from handwheel.playbooks.lint.lint import lint
from handwheel.tools.guardrails.approval.ramps import MOST_WRITES, spacing_s
from handwheel.tools.guardrails.policy.policy import Policy, load_policy
from handwheel.tools.guardrails.policy.rules import TagRules

from ..shell.cli.completion import words_of_site
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption
from ..shell.terminal.wrap import fold
from .templates.fault_effects import LEAST, FaultEffects, fault_effects, simulated_plant
from .templates.template import ProposedRamp, ProposedStep, playbook_text, tests_text

_TESTS = "tests"
_TRIED = 50  # writes
_SHOWN = 3  # tags that a fault moves


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its id, such as cw/less-load.")],
    fault: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FAULT",
            help="A fault of the site's simulated plant, for trigger and evidence.",
            autocompletion=words_of_site(lambda site: simulated_plant(site).faults),
            show_default=False,
        ),
    ] = "",
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Write a new playbook to complete into the site's folder.

    It has no errors at this site. With --from the fault is run in the plant's model, which takes
    seconds, and a test is written too, unless no tag shows the fault. No file is overwritten.

    Exit codes: 0 written, 2 wrong usage or configuration, and nothing is written.
    """
    _check_id(name)
    opened = open_site(site)
    path = _free_path(opened, name)
    effects = fault_effects(opened, fault) if fault else None
    files = {path: _valid_text(opened, name, path, effects)}
    if effects and effects.can_trigger:
        files[path.parent / _TESTS / path.name] = tests_text(name, effects)
    for file in files:
        _check_free(file)
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened_file:
            opened_file.write(text)
        typer.echo(f"{file.relative_to(opened.root)}: written")
    if effects:
        typer.echo(fold(_effects_text(effects), 2))
    typer.echo(next_step("playbooks", "lint", name))
    tell_result(
        id=name, files=[str(each) for each in files], alarms=effects.alarms if effects else []
    )


def _check_id(name: str) -> None:
    try:
        TypeAdapter[str](PlaybookId).validate_python(name)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(f"{name!r} {reason}", param_hint="NAME") from None


def _free_path(site: Site, name: str) -> Path:
    folder = next((each for each in site.playbooks if not each.startswith(PACKAGE)), None)
    if folder is None:
        reason = "names no folder of the site; write one, such as playbooks: [playbooks/]"
        raise ConfigError.of(reason, site.root / SITE_FILE, "playbooks")
    library, broken = load_library(site)
    used = {each.id: each.display_name for each in library}
    used |= {each.playbook: each.file for each in broken}
    if name in used:
        raise ConfigError.of(f"is the playbook {name} already; nothing was written", used[name])
    path = site.root / folder / f"{name.rpartition('/')[2]}.yaml"
    _check_free(path)
    return path


def _check_free(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ConfigError.of("is there already; nothing was written", path)


def _valid_text(site: Site, name: str, path: Path, effects: FaultEffects | None) -> str:
    """Returns the first text without an error of lint, that of a notice at last."""
    errors: list[Finding] = []
    for step in (*islice(_steps(site, effects), _TRIED), None):
        text = playbook_text(site, name, step, effects)
        errors = _errors(site, text, path)
        if not errors:
            return text
    raise PlaybookError(errors)


def _errors(site: Site, text: str, path: Path) -> list[Finding]:
    shown = f"{path.relative_to(site.root)} as it would be"
    try:
        return [each for each in lint(parse_playbook(text, shown), site) if each.is_error]
    except PlaybookError as error:
        return [*error.findings]


def _steps(site: Site, effects: FaultEffects | None) -> Iterator[ProposedStep]:
    """Yields writes of numbers that the policy allows, on the equipment of the fault first."""
    touched = {each.tag.equipment for each in effects.moved} if effects else set[str]()
    policy = load_policy(site)
    rules = [each for each in policy.allowed() if each.limits and each.roles]
    for rule in sorted(rules, key=lambda each: each.tag.equipment not in touched):
        if rule.tag.kind in {"float", "int"} and rule.tag.equipment and rule.limits:
            middle = (rule.limits.low + rule.limits.high) / 2
            writes, ramp = _ramp(policy, rule, middle, rule.limits.high - middle)
            if writes <= MOST_WRITES:
                yield ProposedStep(rule.tag, middle, rule.roles[0], ramp)


def _ramp(
    policy: Policy, rule: TagRules, value: float, furthest: float
) -> tuple[int, ProposedRamp | None]:
    """Returns how many writes a change needs at most, and a ramp where that is more than one.

    Args:
        furthest: Distance of the value from the end of its limits.
    """
    if rule.max_step is None or furthest <= rule.max_step:
        return 1, None
    apart_s = spacing_s(policy, rule.tag, value)
    rates = [rule.max_step / apart_s, *([rule.rate_per_s] if rule.rate_per_s else [])]
    writes = ceil(furthest / (min(rates) * apart_s))
    return writes, ProposedRamp(min(rates) * 60.0, rule.max_step, writes * apart_s)


def _effects_text(effects: FaultEffects) -> str:
    after = format_duration(effects.after_s)
    trip = ["a trip"] if effects.has_tripped else []
    seen = ", ".join([*effects.alarms, *trip])
    alarms = f"{seen} from {after} on" if seen else f"no alarm in {after}"
    moved = [
        f"{each.tag.name} {each.before:.4g} → {each.after:.4g} {each.tag.unit}".rstrip()
        for each in effects.moved[:_SHOWN]
    ]
    told = f"{effects.kind.id} in {effects.model}: {'; '.join([alarms, *moved])}"
    if effects.can_trigger:
        return told
    return (
        f"{told}; no measured tag then differs by {LEAST * 100:g} % of its range, so that nothing "
        "here can trigger the playbook, and no test is written"
    )
