"""The command `handwheel baseline learn`."""

import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, time
from typing import Annotated

import typer

from handwheel.agents.deviations.case import PREFIX, CaseEvent, case_ids, load_case
from handwheel.agents.diagnosis.baseline import BaselineFile
from handwheel.agents.diagnosis.learning import EVERY_S, LEAST, Learning
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.client.site_reader import SiteReader, read_once
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step, shell_command
from handwheel.connectors.historian.downsampling import DAY_US, RAW_US
from handwheel.connectors.historian.errors import NoHistory
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.process_clock import ProcessClock, Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.log_file import has_ledger
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import printable

from ..shell.cli.exits import NO, fail, run
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption, option_moment, option_s
from ..shell.terminal.plural import counted
from ..shell.terminal.wrap import fold

_LONG = 200  # characters
_CLOSED = f"{PREFIX}{CaseEvent.CLOSED}"


def open_cases(site: Site, begin: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """Yields id and text of each case that was open in a time. Raises `LedgerError`."""
    if not has_ledger(site.state):
        return  # opening would create it
    with connect.open_ledger(site) as database:
        for case_id in case_ids(database, only_open=False):
            case = load_case(database, case_id)
            closed_at = "".join(
                str(row.fields["at"]) for row in database.find_rows(case_id, _CLOSED)
            )
            if case.opened_at <= stamp(end) and not (closed_at and closed_at < stamp(begin)):
                since = case.opened_at[:16].replace("T", " ")
                yield case_id, f"open since {since} UTC: {printable(case.condition, _LONG)}"


def named_faults(learning: Learning, end_s: float) -> Iterator[tuple[str, str]]:
    """Yields id and text of each fault that was named in a time, which ended at a process time."""
    for name, (first_s, last_s) in learning.named.items():
        first, last = format_duration(end_s - first_s), format_duration(end_s - last_s)
        yield name, f"named from {first} to {last} before the end"


@dataclass(frozen=True, slots=True)
class TimedScan:
    """One scan of a plant."""

    readings: Readings
    at_s: float  # process time, from any zero
    wall: datetime


def recorded_scans(
    site: Site, tags: Sequence[Tag], for_s: float, until: datetime | None
) -> Iterator[TimedScan]:
    """Yields the recorded scans of a time, oldest first. Without a history there are none.

    Args:
        for_s: Its length, process time.
        until: Its end; `None` for now.
    """
    with closing(RecordedHistory.of(site)) as recorded:
        try:
            end_s = 0.0 if until is None else recorded.ago_s(until.timestamp())
        except NoHistory:
            return
        begin_s, now_s = end_s + for_s, time()
        for scan in recorded.scans({each.name: begin_s for each in tags}):
            if end_s <= scan.ago_s <= begin_s and scan.readings:
                wall = datetime.fromtimestamp(now_s - scan.before_s, UTC)
                yield TimedScan(scan.readings, begin_s - scan.ago_s, wall)


async def live_scans(site: Site, tags: Sequence[Tag], for_s: float) -> AsyncIterator[TimedScan]:
    """Yields the scans of a plant for a time, process time."""
    clock, begin_s = ProcessClock(site.clock_tag), 0.0
    async with SiteReader(site, tags) as reader:
        while True:
            await reader.next_scan(site.shortest_scan_s)
            readings = reader.latest()
            clock.tick(readings, monotonic())
            if not clock.is_readable:
                continue
            begin_s = begin_s or clock.now_s
            if clock.now_s - begin_s > for_s:
                return
            yield TimedScan(readings, clock.now_s, datetime.now(UTC))


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
