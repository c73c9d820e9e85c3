"""Baseline of a site as a signed file, which counts only as it was signed."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import Document, read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity.roster import Roster
from handwheel.tools.guardrails.signatures.baseline_lock import read_signed_baseline
from handwheel.tools.guardrails.signatures.playbooks_lock import release_fault

from ..diagnosis.baseline import NO_BASELINE, Baseline, BaselineFile
from ..diagnosis.hypotheses import Hypotheses


@dataclass(frozen=True, slots=True)
class SiteBaseline:
    """Baseline of a site, with every reason why it is not used."""

    file: BaselineFile | None = None  # `None` without one, or if it is damaged
    digest: str = ""  # SHA-256 of its bytes, hexadecimal
    signed: str = ""  # by whom and when; empty unless the signature counts
    misfits: tuple[Problem, ...] = ()  # why nobody may sign it
    unsigned: tuple[Problem, ...] = ()  # why its signature does not count

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Reasons why it is not used."""
        return (*self.misfits, *self.unsigned)

    @property
    def baseline(self) -> Baseline:
        """The baseline that diagnosis uses, which is empty if there is a problem."""
        if self.file is None or self.problems:
            return NO_BASELINE
        return Baseline(self.file.residuals)


def read_baseline(
    site: Site, hypotheses: Hypotheses, roster: Roster, revoked: AbstractSet[str], at: datetime
) -> SiteBaseline:
    """Reads the baseline of a site. A site without one has an empty one.

    It is used if an administrator or engineer has signed it as it is, for this site and plant and
    for the residuals that the site's failure modes measure.

    Args:
        revoked: Ids of the keys that were revoked.
    """
    path = site.root / site.baseline
    if not path.exists():
        return SiteBaseline()
    try:
        document = read_document(path)
        file = load_model(BaselineFile, document)
    except ConfigError as error:
        return SiteBaseline(misfits=error.problems)
    signed, fault = _signature(site, document, roster, revoked, at)
    reason = f"{fault}; {next_step('baseline', 'sign')}"
    return SiteBaseline(
        file,
        document.sha256,
        "" if fault else signed,
        tuple(_misfits(site, hypotheses, document, file)),
        (Problem(document.file, 0, 0, "", reason),) if fault else (),
    )


def _misfits(
    site: Site, hypotheses: Hypotheses, document: Document, file: BaselineFile
) -> Iterator[Problem]:
    if file.site != site.id:
        reason = f"it was learnt at the site {file.site!r}, and this is {site.id!r}"
        yield document.problem(("site",), reason)
    if file.plant != site.plant:
        reason = f"it was learnt from the plant {file.plant!r}, and this is {site.plant!r}"
        yield document.problem(("plant",), reason)
    if file.failure_modes != hypotheses.learnt_hash:
        reason = f"the failure modes measure other residuals now; {next_step('baseline', 'learn')}"
        yield document.problem(("failure_modes",), reason)


def _signature(
    site: Site, document: Document, roster: Roster, revoked: AbstractSet[str], at: datetime
) -> tuple[str, str]:
    """Returns who has signed a baseline and when, and why it does not count."""
    try:
        found = read_signed_baseline(site)
    except ConfigError as error:
        return "", f"its signature cannot be read: {error}"
    if found is None:
        return "", "it is not signed"
    if found.digest != document.sha256:
        return "", f"it was changed since {found.by} signed it"
    signed = f"by {found.by} at {found.at}"
    return signed, release_fault(found, site.id, roster, revoked, at)
