"""Commands that `handwheel up` adds to the console, and news of its processes."""

from collections.abc import Mapping
from queue import Empty

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity.roster import Operator

from ...people.signing import Signer, open_signer
from ...shift.typed_commands import Additions, Command, ConsoleContext
from ..local_system.people import GRANTOR
from .processes import LocalProcesses

_HELP = """\
  speed N, fault ID[,…]     set the plant's pace, start a fault now
  field ACTION              perform a field action, such as field repair-P-101A
"""
_REASON = "tried at the console of a simulated plant"


def additions(processes: LocalProcesses, people: Mapping[str, Signer]) -> Additions:
    """Returns the additions for a console beside these processes.

    Args:
        people: Throw-away people by name, whose keys need no passphrase; none if the site has
            its own.
    """

    def news(console: ConsoleContext) -> list[str]:
        lines = list[str]()
        while True:
            try:
                each = processes.news.get_nowait()
            except Empty:
                return lines
            if isinstance(each, Site):
                console.site = console.changes.site = each
            else:
                lines.append(each)

    def open_key(site: Site, operator: Operator) -> Signer:
        return people.get(operator.person) or open_signer(site, operator, None)

    def for_the_plant(word: str) -> Command:
        return lambda console, rest: processes.tell_plant(f"{word} {rest}")

    commands = {word: for_the_plant(word) for word in ("speed", "fault", "field")}
    return Additions(commands, _HELP, news, open_key, people.get(GRANTOR), _REASON)
