"""Hypotheses of a site, from all its files of failure modes."""

from collections.abc import Iterable

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from .failure_modes import EVERY_S, CheckSpec, UnknownFailureModes, read_failure_modes
from .hypotheses import Hypotheses, Hypothesis, bind_failure_modes


def load_hypotheses(
    site: Site, playbooks: Iterable[str] | None = None
) -> tuple[Hypotheses, list[Problem]]:
    """Returns the hypotheses of a site with every problem of its failure modes.

    A file, mode or check with a problem costs only itself, and a check also the modes that name
    it. The shortest time between diagnoses counts, and of two files that have the same mode or
    check the first one counts.

    Args:
        playbooks: Ids of the playbooks of the site; `None` to accept any.
    """
    problems: list[Problem] = []
    every: list[Hypothesis] = []
    seen = set[str]()
    checks: dict[str, CheckSpec] = {}
    every_s: list[float] = []
    known = None if playbooks is None else frozenset(playbooks)
    for n, name in enumerate(site.failure_modes):
        try:
            file = read_failure_modes(site.root, name)
        except UnknownFailureModes as error:
            document = read_document(site.root / SITE_FILE)
            problems.append(document.problem(("failure_modes", n), str(error)))
            continue
        except ConfigError as error:
            problems += error.problems
            continue
        found, wrong = bind_failure_modes(site, file, known)
        problems += wrong
        every += [each for each in found.every if each.mode.id not in seen]
        every_s.append(found.every_s)
        seen |= file.ids
        checks = {**found.checks, **checks}
    return Hypotheses(tuple(every), checks, min(every_s, default=EVERY_S)), problems
