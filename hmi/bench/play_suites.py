"""Play of the suites of a benchmark, with a bar of the progress and models of a site."""

import json
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.language_models import PLANNER
from handwheel.connectors.model.site import SITE_FILE, load_site
from handwheel.evaluation.benchmark.baselines.agent_name import AgentName
from handwheel.evaluation.benchmark.episodes import Episode
from handwheel.evaluation.benchmark.programs.verbs import Program
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.plants.installed_plants import create_plant

from ..shell.cli.stdio import screen_output
from ..site.files.site_template import PlantEndpoints, write_site


class _SinceColumn(ProgressColumn):
    """Seconds since the bar was moved on."""

    def render(self, task: Task) -> Text:
        return Text(f"for {monotonic() - task.fields['since_s']:.0f} s")


@contextmanager
def bar_of(names: Sequence[str]) -> Generator[Callable[[], None]]:
    """Shows the name that is awaited. The function that it gives moves on to the next one."""
    console = Console(file=screen_output(sys.stderr))
    columns = (
        TextColumn("{task.description}"), _SinceColumn(), BarColumn(10),
        TextColumn("rest"), TimeRemainingColumn(),
    )  # fmt: skip
    awaited = iter([*names, ""])
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task(next(awaited), total=len(names), since_s=monotonic())

        def advance() -> None:
            bars.update(bar, advance=1, description=next(awaited), since_s=monotonic())

        yield advance


_FILE = "file:"


def add_models(root: Path, of: Path) -> None:
    """Lets the models of one site choose in another, which was just written.

    Raises:
        ConfigError: The site is not valid, or has no model that plans.
    """
    if not any("plan" in each.roles for each in load_site(of).models):
        raise ConfigError.of("has no model with the role plan", of / SITE_FILE)
    document: Any = read_document(of / SITE_FILE).data
    models = [_at(of.absolute(), dict(each)) for each in document["models"]]
    path = root / SITE_FILE
    added = f"planner: {PLANNER}\nmodels: {json.dumps(models)}\n"
    path.write_text(f"{path.read_text('utf-8').rstrip()}\n{added}", "utf-8")


def _at(folder: Path, model: dict[str, Any]) -> dict[str, Any]:
    """Returns a model whose files are found from another folder."""
    if "file" in model:
        model["file"] = str(folder / model["file"])
    if (secret := str(model.get("secret", ""))).startswith(_FILE):
        model["secret"] = f"{_FILE}{folder / secret.removeprefix(_FILE)}"
    return model


def play_suites(
    suites: Sequence[Suite],
    episodes: Sequence[Episode],
    jobs: int,
    agent: AgentName | Program,
    limit_s: float,
    models: Path | None,
) -> Iterator[tuple[Suite, Sequence[Result], int]]:
    """Plays the episodes, and yields the results of each suite, and how many are wanted.

    Args:
        limit_s: Time of the computer after which a program is ended in an episode.
        models: Site whose models choose for our agents.

    Raises:
        KeyboardInterrupt: The run was interrupted. The results up to then have been yielded.
    """
    with TemporaryDirectory() as folder:
        roots = {each.file.plant: Path(folder) / each.file.plant for each in suites}
        for plant, root in roots.items():
            write_site(root, create_plant(plant), PlantEndpoints())
            if models is not None:
                add_models(root, models)
        with closing(run_suites(roots, episodes, jobs, agent, limit_s)) as running:
            for suite in suites:
                wanted = [each for each in episodes if each.suite == suite.name]
                results: list[Result] = []
                try:
                    with bar_of([*_names(suite, wanted)]) as advance:
                        for each in islice(running, len(wanted)):
                            if each.episode.suite == suite.name:  # else it is interrupted
                                results.append(each)
                                advance()
                except KeyboardInterrupt:
                    yield suite, results, len(wanted)
                    raise
                yield suite, results, len(wanted)


def _names(suite: Suite, episodes: Sequence[Episode]) -> Iterator[str]:
    for number, each in enumerate(episodes, 1):
        yield f"{suite.name} {number} of {len(episodes)}: {each.case}, seed {each.seed}"
