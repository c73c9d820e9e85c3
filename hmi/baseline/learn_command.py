"""The command `handwheel baseline learn`."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated

import typer

from handwheel.agents.diagnosis.baseline import BaselineFile
from handwheel.agents.diagnosis.learning import EVERY_S, LEAST, Learning
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.client.site_reader import read_once
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step, shell_command
from handwheel.connectors.historian.downsampling import DAY_US, RAW_US
from handwheel.connectors.model.site import Site
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.requests.timestamps import stamp

from ..shell.cli.exits import NO, fail, run
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.option_times import option_moment, option_s
from ..shell.cli.options import SiteOption
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import fold
from .objections import named_faults, open_cases
from .scans import TimedScan, live_scans, recorded_scans

_TOLD_EVERY_S = 10.0
_ENOUGH = 0.9  # share of the time asked for that must be recorded
_KEPT_S = RAW_US / 1e6
_SHORTEST_S = (LEAST + 4) * EVERY_S  # the windows of most methods fill first


@dataclass(slots=True)
class _Learnt:
    """Learning with the times of its first and last scan."""

    learning: Learning
    for_s: float  # process time that was asked for
    begin: datetime = field(default_factory=lambda: datetime.now(UTC))
    end: datetime = field(default_factory=lambda: datetime.now(UTC))
    end_s: float = 0.0
    is_begun: bool = False
    told_s: float = field(default_factory=monotonic)

    def take(self, scan: TimedScan) -> None:
        """Takes a scan, and tells every 10 s how far it is."""
        if not self.is_begun:
            self.begin, self.is_begun = scan.wall, True
        self.end, self.end_s = scan.wall, scan.at_s
        self.learning.observe(scan.readings, scan.at_s)
        if monotonic() - self.told_s >= _TOLD_EVERY_S:
            self.told_s = monotonic()
            passed, whole = map(format_duration, (self.learning.measured_s, self.for_s))
            sys.stderr.write(f"handwheel: {passed} of {whole} measured\n")


def learn(
    length: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long, time of the plant.")
    ] = "3d",
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Its end; a date or a time, UTC. Default: now."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Read the plant for so long, instead of its history.")
    ] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A named fault or open case that is none. Repeatable."),
    ] = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Learn the healthy residuals of the plant.

    They are measured over a time in which it was well, written to baseline.yaml, and count once
    somebody has signed them. A time in which a
    case was open or a fault was named is refused, unless a person says of each that it is none.

    Exit codes: 0 learnt, 1 the plant was not well, 2 too little is recorded, wrong usage or
    configuration, 3 the plant does not answer, 130 stopped by Ctrl-C.
    """
    for_s, end = option_s(length, "--for", _SHORTEST_S), option_moment(until, "--until")
    opened = open_site(site)
    hypotheses, problems = load_hypotheses(opened)
    if problems:
        raise ConfigError(problems)
    if not hypotheses.learnt_calls:
        fail("no sign of the site's failure modes has a baseline")
    learnt = _Learnt(Learning(hypotheses), for_s)
    if live:
        if end is not None:
            raise typer.BadParameter("--live ends now; leave out --until")
        now = datetime.now(UTC)
        _refuse(open_cases(opened, now, now), despite or ())  # before hours are measured in vain
        run(_observe(opened, learnt))
    else:
        _recall(opened, learnt, end)
    file = _file(opened, learnt, despite or ())
    replace_file(opened.root / opened.baseline, file.text)
    _tell(opened, learnt, file)


def _recall(site: Site, learnt: _Learnt, until: datetime | None) -> None:
    for_s = learnt.for_s
    tags = site.find_tags(sorted(learnt.learning.hypotheses.read_tags))
    for scan in recorded_scans(site, tags, for_s, until):
        learnt.take(scan)
    measured_s = learnt.learning.measured_s
    needed_s = _ENOUGH * min(for_s, _KEPT_S)
    if measured_s < needed_s:
        kept = f"{RAW_US // DAY_US} days"
        fail(
            f"{format_duration(measured_s)} of {format_duration(for_s)} are recorded, and "
            f"{format_duration(needed_s - measured_s)} more are needed; "
            f"'{shell_command('run')}' records the plant and keeps {kept}\n"
            f"{next_step('baseline', 'learn', '--for', f'{for_s / 3600.0:g}h', '--live')}"
        )


async def _observe(site: Site, learnt: _Learnt) -> None:
    names = learnt.learning.hypotheses.read_tags | ({site.clock_tag} - {""})
    tags = site.find_tags(sorted(names))
    await read_once(site, tags)  # raises if a connection does not answer
    async for scan in live_scans(site, tags, learnt.for_s):
        learnt.take(scan)


def _refuse(found: Iterable[tuple[str, str]], despite: Sequence[str]) -> None:
    """Ends the command if a plant was not well for a reason that nobody has overridden."""
    if left := [f"  {name}  {text}" for name, text in found if name not in despite]:
        words = "nothing was learnt, because the plant was not well"
        step = "choose another time with --until, or say that it is none with --despite NAME"
        fail("\n".join([words, *left, step]), NO)


def _file(site: Site, learnt: _Learnt, despite: Sequence[str]) -> BaselineFile:
    """Returns the file to write. A plant that was not well ends the command."""
    found = [
        *open_cases(site, learnt.begin, learnt.end),
        *named_faults(learnt.learning, learnt.end_s),
    ]
    _refuse(found, despite)
    baseline = learnt.learning.baseline
    if not baseline.residuals:
        why = "the plant moved, stood, or was not read every 10 s of its own time"
        fail(f"nothing was learnt: no residual was measured {LEAST} times; {why}")
    return BaselineFile(
        schema="baseline/1",
        site=site.id,
        plant=site.plant,
        begin=stamp(learnt.begin),
        end=stamp(learnt.end),
        failure_modes=learnt.learning.hypotheses.learnt_hash,
        despite=sorted({name for name, _ in found}),
        residuals={name: list(each) for name, each in baseline.residuals.items()},
    )


def _tell(site: Site, learnt: _Learnt, file: BaselineFile) -> None:
    measured = format_duration(learnt.learning.measured_s)
    count = counted(len(file.residuals), "residual")
    typer.echo(f"{count} learnt from {measured} of the plant, in {site.baseline}")
    for name in learnt.learning.missing:
        typer.echo(fold(f"  not learnt, fewer than {LEAST} values: {name}"))
    typer.echo(next_step("baseline", "sign"))
    tell_result(
        residuals=len(file.residuals), missing=learnt.learning.missing, begin=file.begin,
        end=file.end, despite=file.despite, path=site.baseline,
    )  # fmt: skip
