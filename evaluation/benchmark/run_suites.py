"""Run of the episodes of some suites, in this process or in several."""

import asyncio
import pickle
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from time import process_time
from typing import Any

from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.tools.errors import InvalidArguments

from ..plants.other_constants import scaled_constants
from ..process_pool import in_processes
from ..trial.site import in_memory_site
from .baselines.agent_name import AgentName
from .episodes import Episode, Truth
from .holding.hold import hold
from .holding.hold_program import hold_program
from .judge import judge
from .mismatch import factors_of, learn_plant, settled_state
from .play import BEFORE_ONSET_S, Course, Played, watched_site
from .programs.briefing import Briefing
from .programs.diagnosing import diagnose
from .programs.make_briefing import acting_briefing, diagnosing_briefing
from .programs.renamed import play_twice
from .programs.respond import respond
from .programs.verbs import Program
from .responding.act import act
from .responding.judge_response import judge_response
from .results import Result
from .suite import Suite, load_suite

LIMIT_S = 600.0
"""Time of the computer after which a program is ended in an episode."""
_MOST_TOGETHER = 10  # episodes of a seed that one process plays


def run_suites(
    roots: Mapping[str, Path],
    episodes: Sequence[Episode],
    jobs: int,
    agent: AgentName | Program = AgentName.HANDWHEEL,
    limit_s: float = LIMIT_S,
) -> Generator[Result]:
    """Plays and judges episodes, and yields their results in order.

    Args:
        roots: Folder of a site of each plant.
        episodes: Those of a suite and seed stand side by side, since they share a course.
        jobs: Number of processes; with 1 they run in this one.
        agent: One of ours, or a program. A program can play every suite, and in `hold` it has
            cases of its own. Each episode gets a copy of it, which knows of no other.
        limit_s: Time of the computer after which a program is ended in an episode.

    Raises:
        ConfigError: The site or its failure modes are not valid.
        HandwheelError: A process has ended before its episode.
        InvalidArguments: The program cannot be copied, or a suite has no place for one.
    """
    player = agent if isinstance(agent, AgentName) else _pickled(agent)
    for each, plant in {each.suite: each.plant for each in episodes}.items():
        # Every problem is told before the first episode, and what was read is every process's.
        file = load_suite(each).file
        if isinstance(player, AgentName) and file.renamed:
            raise InvalidArguments(
                f"only programs of others play {each}, as ours know no names: the site's files "
                "bind their rules to tags"
            )
        _acting(roots[plant], each) if file.respond or file.hold else _setting(roots[plant], each)
    for one in episodes:
        if one.case not in load_suite(one.suite).file.cases_for(programs=player is not agent):
            raise InvalidArguments(f"{one.suite} has no case {one.case!r} for this agent")
    wanted = [(roots[each[0].plant], each, player, limit_s) for each in _together(episodes, jobs)]
    yield from chain.from_iterable(in_processes(_run_all, wanted, jobs))


def _together(episodes: Sequence[Episode], jobs: int) -> Iterator[list[Episode]]:
    """Yields the episodes that one process plays before it tells their results.

    They are one, unless those of a seed share a plant that several processes would learn anew.
    They are few, so that every process has some, and none is left with many at the end.
    """
    of_suite = Counter(each.suite for each in episodes)
    for (suite, _), found in groupby(episodes, attrgetter("suite", "seed")):
        of_seed, learns = list(found), load_suite(suite).file.mismatch is not None
        most = min(_MOST_TOGETHER, of_suite[suite] // jobs or 1) if learns and jobs > 1 else 1
        yield from (of_seed[n : n + most] for n in range(0, len(of_seed), most))


def _pickled(program: Program) -> bytes:
    try:
        return pickle.dumps(program)
    except Exception as error:  # noqa: BLE001 (code of others)
        text = f"a program must be one that pickle can copy: {type(error).__name__}: {error}"
        raise InvalidArguments(text) from None


def _run_all(
    root: Path, episodes: Sequence[Episode], agent: AgentName | bytes, limit_s: float
) -> list[Result]:
    return [
        _run(root, each, agent) if isinstance(agent, AgentName)
        else _run_program(root, each, agent, limit_s)
        for each in episodes
    ]  # fmt: skip


def _run_program(root: Path, episode: Episode, program: bytes, limit_s: float) -> Result:
    create = partial(pickle.loads, program)  # this process's parent made it
    if (spec := load_suite(episode.suite).file.renamed) is None:
        return _diagnose(root, episode, create, limit_s)
    return play_twice(
        episode, spec.units, create, lambda each: _diagnose(root, episode, each, limit_s)
    )


def _diagnose(
    root: Path, episode: Episode, create: Callable[[], Program], limit_s: float
) -> Result:
    suite = load_suite(episode.suite)
    if (spec := suite.file.respond) is not None:
        place, briefing = _acting(root, episode.suite), _acting_briefing(root, episode.suite)
        playing = respond(episode, *place, spec, briefing=briefing, create=create, limit_s=limit_s)
        return asyncio.run(playing)
    if (held := suite.file.hold) is not None:
        place, briefing = _acting(root, episode.suite), _acting_briefing(root, episode.suite)
        holding = hold_program(
            episode, *place, held, briefing=briefing, create=create, limit_s=limit_s
        )
        return asyncio.run(holding)
    site, hypotheses = _shown(root, episode.suite)
    briefing = diagnosing_briefing(site, suite, hypotheses)
    mismatch = suite.file.mismatch
    if mismatch is None:
        return asyncio.run(diagnose(episode, site, briefing, create, limit_s))
    with scaled_constants(episode.plant, factors_of(episode.plant, episode.seed, mismatch)):
        state = _settled(episode.suite, episode.seed)
        return asyncio.run(diagnose(episode, site, briefing, create, limit_s, state))


def _run(root: Path, episode: Episode, agent: AgentName) -> Result:
    respond = load_suite(episode.suite).file.respond
    if respond is not None:
        acted = asyncio.run(act(episode, *_acting(root, episode.suite), respond, agent))
        return judge_response(episode, acted, respond.responses[episode.case])
    if (spec := load_suite(episode.suite).file.hold) is not None:
        return asyncio.run(hold(episode, *_acting(root, episode.suite), spec))
    mismatch = load_suite(episode.suite).file.mismatch
    if mismatch is None:
        return judge(episode, _diagnosed(root, episode))
    with scaled_constants(episode.plant, factors_of(episode.plant, episode.seed, mismatch)):
        return judge(episode, _diagnosed(root, episode))


@lru_cache(1)
def _settled(suite: str, seed: int) -> Mapping[str, Any]:
    """Returns the state from which all episodes of a seed go on, while its constants are scaled."""
    file = load_suite(suite).file
    assert file.mismatch is not None
    return settled_state(file.mismatch, file.plant, seed)


def _diagnosed(root: Path, episode: Episode) -> Played:
    begun_s = process_time()
    played = _healthy(root, episode.suite, episode.seed).of(episode).play()
    played.cpu_s = process_time() - begun_s
    return played


@lru_cache(1)
def _healthy(root: Path, suite: str, seed: int) -> Course:
    """Returns the course that all episodes of a seed have had shortly before the first onset."""
    file = load_suite(suite).file
    site, hypotheses = _setting(root, suite)
    learnt = None
    if file.mismatch:
        learnt = learn_plant(site, hypotheses, file.mismatch, file.plant, seed)
    sound = Episode(suite, file.plant, "", seed, (), Truth(frozenset()), file.onset[0], 0.0)
    course = Course(sound, site, hypotheses, learnt)
    while course.played.ended_s < file.onset[0] - BEFORE_ONSET_S:
        course.scan()
    return course


@lru_cache(8)
def _acting(root: Path, suite: str) -> tuple[Site, Sequence[Playbook], Bindings]:
    site, library = acting(load_site(root), load_suite(suite))
    return site, library, Bindings(in_memory_site(site))


@lru_cache(8)
def _acting_briefing(root: Path, suite: str) -> Briefing:
    site, library, bindings = _acting(root, suite)
    plans = [bindings.bind_playbook(each, {}) for each in library]
    return acting_briefing(site, load_suite(suite), load_hypotheses(site)[0], plans)


def acting(site: Site, suite: Suite) -> tuple[Site, Sequence[Playbook]]:
    """Returns a site with the failure modes of a suite, and its library. Raises `PlaybookError`."""
    own = with_modes(site, suite)
    library, findings = load_library(own)
    if wrong := [each for each in findings if each.is_error]:
        raise PlaybookError(wrong)
    return own, library


@lru_cache(8)
def _setting(root: Path, suite: str) -> tuple[Site, Hypotheses]:
    return watched(load_site(root), load_suite(suite))


@lru_cache(8)
def _shown(root: Path, suite: str) -> tuple[Site, Hypotheses]:
    """Returns a site in memory with all its tags, as programs see it."""
    site = with_modes(load_site(root), load_suite(suite))
    return in_memory_site(site), load_hypotheses(site)[0]


def watched(site: Site, suite: Suite) -> tuple[Site, Hypotheses]:
    """Returns a site in memory with the failure modes of a suite. Raises `ConfigError`."""
    own = with_modes(site, suite)
    hypotheses, problems = load_hypotheses(own)
    if problems:
        raise ConfigError(problems)
    return in_memory_site(watched_site(own, hypotheses)), hypotheses


def with_modes(site: Site, suite: Suite) -> Site:
    """Returns a site with the failure modes of a suite."""
    return replace(site, failure_modes=tuple(suite.file.failure_modes))
