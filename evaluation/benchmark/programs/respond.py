"""Episodes in which a program acts, and a person answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import process_time

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.language.loader import Playbook

from ..episodes import Episode
from ..responding.act import opened
from ..responding.judge_response import Responded, judge_response
from ..responses import RespondSpec
from .acting import ActingVerbs, ProposingAgent
from .briefing import Briefing
from .program_thread import play
from .verbs import Program


async def respond(
    episode: Episode,
    site: Site,
    library: Sequence[Playbook],
    bindings: Bindings,
    spec: RespondSpec,
    *,
    briefing: Briefing,
    create: Callable[[], Program],
    limit_s: float,
) -> Responded:
    """Lets a program play an episode, and judges what it has had done.

    When the program is at its end, its proposals and the people go on without it.

    Args:
        bindings: Of `in_memory_site(site)`, for every episode.
        create: Creates the program.
        limit_s: Time of the computer after which the program is at its end.
    """
    begun_s, agent = process_time(), ProposingAgent()
    site = replace(site, failure_modes=())  # only our agents need them
    async with opened(episode, site, library, bindings, spec, agent.create) as course:
        verbs = ActingVerbs(course, briefing, agent, library)
        failed = await play(create, verbs, limit_s)
        await course.play()
        course.run_on()
    acted = course.acted
    acted.named = list(verbs.named)
    acted.cpu_s = process_time() - begun_s
    result = judge_response(episode, acted, spec.responses[episode.case])
    return replace(result, program_failed=failed)
