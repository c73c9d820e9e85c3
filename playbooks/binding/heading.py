"""Checks of the plant and the style that a playbook names."""

from difflib import get_close_matches

from handwheel.connectors.model.site import Site

from ..language.expressions import Expressions
from ..language.loader import Playbook


def check_plant(playbook: Playbook, site: Site, expressions: Expressions) -> None:
    """Reports a playbook that was written for another plant than the site's.

    A site that names no plant is not compared.
    """
    named = playbook.file.plant
    if not named or not site.plant or named == site.plant:
        return
    text = f"it was written for {named!r}, and the plant of this site is {site.plant!r}"
    is_typo = bool(get_close_matches(named, [site.plant], cutoff=0.7))
    hint = f"did you mean {site.plant!r}?" if is_typo else "check every tag before you change it"
    expressions.report("other-plant", ("plant",), text, hint)


def check_style(playbook: Playbook, expressions: Expressions) -> None:
    """Reports writes of a manual playbook, and steps of an automated one that ask a person."""
    file = playbook.file
    if file.style == "manual":
        found = [f"step {each.id}" for each in file.steps if each.write]
        found += ["the safe state"] if file.safe_state else []
        text, hint = "a manual playbook writes nothing", "let people do it, or change the style"
    elif file.style == "automated":
        asking = (each for each in file.steps if each.hold_point or each.approval or each.manual)
        found = [f"step {each.id}" for each in asking]
        text = "an automated playbook asks once, for all of its steps"
        hint = "leave out what asks there, or write style: computer-assisted"
    else:
        return
    if found:
        what = "writes" if file.style == "manual" else "asks a person"
        named = f"{', '.join(found)} {what}"
        expressions.report("against-style", ("style",), f"{text}, and {named}", hint)
