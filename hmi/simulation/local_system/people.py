"""Throw-away people of a simulated site."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.model.site import OPERATORS_FILE, SITE_FILE, Site, load_site
from handwheel.playbooks.binding.release import release_playbooks
from handwheel.playbooks.language.loader import load_library
from handwheel.playbooks.lint.lint import lint_all
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import fingerprint
from handwheel.tools.guardrails.identity.operators_yaml import with_record, with_trust_root
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, load_roster
from handwheel.tools.requests.timestamps import instant_now, parse_stamp, stamp

from ...people.authority_command import grant_signed
from ...people.signing import Signer, open_context

GRANTOR, APPROVER = "anna", "ben"
GRANTED_EQUIPMENT = ("PUMPS-101", "E-101")
"""The agents may act on the pumps, and on the exchanger whose load a safe state trims."""

ADMIN = "rosa"
_OPERATORS = {GRANTOR: ("operator",), APPROVER: ("operator",)}
_LASTS = timedelta(hours=1)
_GRANTED_FOR = timedelta(minutes=50)


def enroll_people(
    folder: Path,
    *,
    attended: bool,
    make_key: Callable[[str], Ed25519PrivateKey] = lambda name: Ed25519PrivateKey.generate(),
    lasts: timedelta = _LASTS,
    operators: Mapping[str, Sequence[str]] = _OPERATORS,
) -> dict[str, Signer]:
    """Enrols an administrator, who releases the playbooks, and operators at a new site.

    Args:
        attended: Whether a person at the terminal decides.
        make_key: Takes a name and returns a new key, by default one that is in memory only.
        lasts: How long the people are enrolled.
        operators: The roles of each other person; by default two operators.

    Returns:
        The signers by name.
    """
    keys = {name: make_key(name) for name in (ADMIN, *operators)}
    root = keys[ADMIN]
    trusted = with_trust_root(folder / SITE_FILE, fingerprint(root.public_key()))
    replace_file(folder / SITE_FILE, trusted)
    site = load_site(folder)
    start = parse_stamp(stamp(instant_now().wall))
    for person, private in keys.items():
        roles = (ADMINISTRATOR,) if person == ADMIN else tuple(operators[person])
        wanted = Enrolment(person, roles, start, start + lasts)
        text, _ = with_record(folder / OPERATORS_FILE, make_record(site.id, wanted, private, root))
        replace_file(folder / OPERATORS_FILE, text)
    roster = load_roster(site)
    _release(site, next(each for each in roster.operators if each.is_administrator), root)
    return {
        each.person: Signer(each, keys[each.person], attended)
        for each in roster.operators
        if not each.is_administrator
    }


def _release(site: Site, operator: Operator, private: Ed25519PrivateKey) -> None:
    """Releases each playbook of the site that has no errors."""
    library, _ = load_library(site)
    wrong = {each.playbook for each in lint_all(library, site) if each.is_error}
    sound = [each for each in library if each.id not in wrong]
    now = parse_stamp(stamp(instant_now().wall))
    release_playbooks(site, sound, operator, private, now, sound)


def grant_to_agents(site: Site, giver: Signer) -> None:
    """Grants agents authority over the equipment, as `handwheel authority give` does."""
    with open_context(site) as context:
        for equipment in GRANTED_EQUIPMENT:
            grant_signed(context, equipment, _GRANTED_FOR, giver)
