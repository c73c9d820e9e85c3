"""Run of the suites of a benchmark on new sites of their plants."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName
from handwheel.evaluation.benchmark.episodes import Episode
from handwheel.evaluation.benchmark.programs.verbs import Program
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.plants.installed_plants import create_plant

from ..site.files.site_template import PlantEndpoints, write_site
from .models import add_models
from .progress import bar_of


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
