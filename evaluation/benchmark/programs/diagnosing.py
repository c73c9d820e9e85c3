"""Episodes in which a program only diagnoses, with nothing but the plant."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import process_time
from typing import Any

from handwheel.connectors.model.site import Site

from ..episodes import Episode
from ..judge import Diagnosed, judge
from ..plant_course import PlantCourse
from ..play import Finding, Played
from .briefing import Briefing
from .episode_verbs import EpisodeVerbs
from .program_thread import play
from .verbs import Conclusion, Program


async def diagnose(
    episode: Episode,
    site: Site,
    briefing: Briefing,
    create: Callable[[], Program],
    limit_s: float,
    state: Mapping[str, Any] | None = None,
) -> Diagnosed:
    """Lets a program play an episode, and judges what it has concluded.

    Args:
        site: In memory.
        create: Creates the program.
        limit_s: Time of the computer after which the program is at its end.
        state: Snapshot from which the plant goes on; `None` for its warm steady state.
    """
    begun_s = process_time()
    verbs = DiagnosingVerbs(episode, site, briefing, state)
    failed = await play(create, verbs, limit_s)
    played = verbs.finish()
    played.cpu_s = process_time() - begun_s
    return replace(judge(episode, played), program_failed=failed)


class DiagnosingVerbs(EpisodeVerbs):
    """Verbs on a plant that nobody touches."""

    def __init__(
        self,
        episode: Episode,
        site: Site,
        briefing: Briefing,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self._plant = PlantCourse(episode, site, state)
        self._findings: list[Finding] = []
        self._would_decide = ""
        super().__init__(briefing, site, self._plant.readings())

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended. See `EpisodeVerbs`."""
        return self._plant.is_over

    async def scan(self, most_s: float) -> None:
        """Lets the plant go on to its next scan. See `EpisodeVerbs`."""
        events = self._plant.advance()
        self.seen.observe(self._plant.readings(), self._plant.now_s, events)

    def note_conclusion(self, conclusion: Conclusion) -> None:
        """Takes a conclusion as a finding. See `EpisodeVerbs`."""
        verdict = "named" if conclusion.faults else "normal"
        if conclusion.abstain or (conclusion.suspects and not conclusion.faults):
            verdict = "abstain"
        names, suspects = dict.fromkeys(conclusion.faults), dict.fromkeys(conclusion.suspects)
        found = Finding(self.seen.now_s, verdict, tuple(names), tuple(suspects))
        self._findings.append(found)
        self._would_decide = conclusion.would_decide

    def finish(self) -> Played:
        """Lets the plant run on to the end of the episode, and returns the course."""
        plant = self._plant
        while not plant.is_over:
            plant.advance()
        return Played(
            self._findings,
            plant.alarms,
            symptom_s=plant.symptom_s,
            ended_s=plant.now_s,
            would_decide=self._would_decide,
        )
