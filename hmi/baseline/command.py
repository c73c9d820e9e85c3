"""The commands `handwheel baseline`."""

from collections.abc import Iterator

import typer

from handwheel.agents.deviations.baseline_file import SiteBaseline, read_baseline
from handwheel.agents.diagnosis.baseline import BaselineFile, HealthySpec
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.signatures.baseline_lock import BASELINE_LOCK, sign_baseline
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ..people.rotate_key import revoked_keys
from ..people.signing import find_releaser, open_signer
from ..shell.cli.exits import NO, fail
from ..shell.cli.field_lines import print_lines, print_result
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import PassphraseOption, ReleaserOption
from ..shell.terminal.wrap import folded
from .learn_command import learn


def baseline_lines(found: SiteBaseline, hypotheses: Hypotheses) -> Iterator[str]:
    """Yields when a baseline was learnt, each healthy residual, and whether it is used."""
    if found.file is not None:
        yield from learnt_lines(found.file, hypotheses)
    if found.signed:
        yield f"signed {found.signed}"
    yield from (f"not used: {each}" for each in found.problems)


def learnt_lines(file: BaselineFile, hypotheses: Hypotheses) -> Iterator[str]:
    """Yields when a baseline was learnt, each healthy residual, and those that it lacks."""
    begin, end = (each[:16].replace("T", " ") for each in (file.begin, file.end))
    yield f"healthy residuals of {file.plant or file.site}, learnt from {begin} to {end} UTC"
    if file.despite:
        yield f"although these were named or open: {', '.join(file.despite)}"
    units = hypotheses.units
    for call, ranges in file.residuals.items():
        yield f"  {call}"
        yield from (f"    {_range_text(each, units.get(call, ''))}" for each in ranges)
    missing = (each for each in hypotheses.learnt_calls if each not in file.residuals)
    yield from (f"  not learnt, so that its signs are unknown: {each}" for each in missing)


def _range_text(each: HealthySpec, unit: str) -> str:
    at = f"at {each.low:.4g} to {each.high:.4g}: " if each.high != each.low else ""
    value = f"{each.mean:.4g} ± {each.spread:.2g} {unit}".rstrip()
    return f"{at}{value}, {each.count} values"


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("learn")(learn)

_INDENT = 6


@app.command("show")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show the healthy residuals and whether they are used.

    Exit codes: 0 used, 1 there are none or they are not used, 2 wrong configuration.
    """
    opened = open_site(site)
    found, hypotheses = open_baseline(opened)
    fields = found.file.model_dump(by_alias=True) if found.file else {}
    fields |= {"signed": found.signed, "not_used": [str(each) for each in found.problems]}
    print_result(fields, folded(baseline_lines(found, hypotheses), _INDENT), as_json=as_json)
    if found.file is None and not found.problems:
        fail(f"there is no {opened.baseline}; {next_step('baseline', 'learn')}", NO)
    if found.problems:
        raise SystemExit(NO)


@app.command("sign")
def sign(
    person: ReleaserOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Sign the baseline, so that the agents use it.

    An administrator or engineer signs it.

    Exit codes: 0 signed, 1 refused, 2 there is none, no passphrase, wrong usage or configuration.
    """
    opened = open_site(site)
    found, hypotheses = open_baseline(opened)
    if found.misfits:
        raise ConfigError(found.misfits)
    if found.file is None:
        fail(f"there is no {opened.baseline}; {next_step('baseline', 'learn')}")
    now = parse_stamp(stamp(instant_now().wall))
    operator = find_releaser(opened, load_roster(opened), person, now)
    print_lines(folded(learnt_lines(found.file, hypotheses), _INDENT))
    signer = open_signer(opened, operator, passphrase_file)
    signed = sign_baseline(found.digest, opened.id, operator, signer.private, now)
    replace_file(opened.root / BASELINE_LOCK, signed.text)
    typer.echo(f"{operator.person} signed {opened.baseline} in {BASELINE_LOCK}")
    tell_result(by=operator.person, digest=found.digest)


def open_baseline(site: Site) -> tuple[SiteBaseline, Hypotheses]:
    """Returns the baseline of a site, and its hypotheses. Raises `ConfigError`."""
    hypotheses, _ = load_hypotheses(site)
    now = instant_now().wall
    return read_baseline(site, hypotheses, load_roster(site), revoked_keys(site), now), hypotheses
