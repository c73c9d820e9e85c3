"""Comparison of a request's description of its tags with the site's files."""

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ...errors import PermitRefused
from ...requests.request import Action, ExpectedReading
from .build_request import equipment_of, max_age_of, requirements, tolerance_of


def check_description(site: Site, tag: Tag, action: Action) -> None:
    """Raises `PermitRefused` if a request describes the tag otherwise than filing would have.

    Lockouts, holds, the read-back and the person's eyes all go by the description.
    """
    found = {
        "connection": tag.connection,
        "address": str(tag.address),
        "type": tag.kind,
        "unit": tag.unit,
        "equipment": equipment_of(tag),
        "readback": tag.readback or None,
        "within_s": tag.within_s,
        "shown": tag.show_value(action.value),
    }
    for name, value in found.items():
        if getattr(action, name) != value:
            raise PermitRefused(f"{tag.name} is not what the request says: its {name} is {value}")
    for requirement in requirements(site, tag):
        if requirement not in action.requires:
            raise PermitRefused(f"the request leaves out {requirement.why}: {requirement.text}")
    if action.kind == "command" and all(each.tag != tag.name for each in action.expected):
        raise PermitRefused(f"nothing is expected of {tag.name} before it is written")
    if action.kind == "recovery" and action.undoes is None and action.expected:
        raise PermitRefused(f"a safe state expects nothing, and {tag.name} does")
    for expected in action.expected:
        _check_expected(site, expected)


def _check_expected(site: Site, expected: ExpectedReading) -> None:
    tag = site.tags.get(expected.tag)
    if tag is None:
        raise PermitRefused(f"{expected.tag} is expected, and no tag of this site")
    allowed, asked = tolerance_of(tag), expected.tolerance
    is_loose = asked is not None and (allowed is None or asked > allowed)
    if is_loose or expected.max_age_s > max_age_of(site, tag):
        raise PermitRefused(f"{tag.name} is expected more loosely than a new request expects it")
