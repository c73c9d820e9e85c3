"""Procedure of a playbook for people, as Markdown and as one HTML file."""

import re
from itertools import chain
from typing import TYPE_CHECKING, Literal

from handwheel.connectors.hints import shell_command
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.safe_text import printable

from ...shell.terminal.templates import render
from . import phrases
from .graph import graph_of
from .svg import svg

if TYPE_CHECKING:  # slow to import
    from markupsafe import Markup

_COVERED = ("rollback", "safe_state")


def procedure(playbook: Playbook, plan: BoundPlaybook, form: Literal["md", "html"]) -> str:
    """Returns the procedure of a bound playbook. The HTML file has its graph and no scripts."""
    return render(
        "handwheel.hmi.playbooks.documents", f"procedure.{form}.j2",
        plan=plan, file=playbook.file, say=phrases,
        others=[*phrases.other_equipment(playbook)], fenced=_fenced,
        order=shell_command("runs", "start", plan.id),
        rearms=dict.fromkeys(each.rearm.bound for each in plan.triggers if each.rearm),
        missing=[each.replace("_", " ") for each in _COVERED if each not in plan.covers],
        writes=[*chain.from_iterable(each.writes for each in plan.steps)],
        graph=_markup(svg(graph_of(plan))) if form == "html" else "",
    )  # fmt: skip


def _fenced(text: str) -> "Markup":
    """Returns a text as code in Markdown, between more backticks than it has itself."""
    shown = printable(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence, blank = "`" * (longest + 1), " " if longest else ""
    return _markup(f"{fence}{blank}{shown}{blank}{fence}")


def _markup(text: str) -> "Markup":
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - printable and escaped where it was made
