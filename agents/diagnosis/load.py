"""Hypotheses of a site, from all its files of failure modes."""

from collections.abc import Iterable

from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from .failure_modes import CheckSpec, library_names, read_failure_modes
from .hypotheses import Hypotheses, Hypothesis, bind_failure_modes


def load_hypotheses(
    site: Site, playbooks: Iterable[str] | None = None
) -> tuple[Hypotheses, list[Problem]]:
    """Returns the hypotheses of a site with every problem of its failure modes.

    A file, mode or sign with a problem costs only itself. Of two modes with the same name the
    first one counts.

    Args:
        playbooks: Ids of the playbooks of the site; `None` to accept any.
    """
    problems: list[Problem] = []
    every: dict[str, Hypothesis] = {}
    checks: dict[str, CheckSpec] = {}
    faults: list[str] = []
    known = None if playbooks is None else frozenset(playbooks)
    for n, name in enumerate(site.failure_modes):
        try:
            document, file = read_failure_modes(site.root, name)
        except ConfigError as error:
            problems += error.problems or [_entry(site, n, str(error))]
            continue
        found, wrong = bind_failure_modes(site, document, file, known)
        problems += wrong
        every |= {each.id: each for each in found.every if each.id not in every}
        checks |= found.checks
        faults += found.faults
    return Hypotheses(tuple(every.values()), checks, tuple(dict.fromkeys(faults))), problems


def _entry(site: Site, n: int, reason: str) -> Problem:
    names = ", ".join(library_names())
    document = read_document(site.root / SITE_FILE)
    return document.problem(("failure_modes", n), f"{reason}; known: {names}")
