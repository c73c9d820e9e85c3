"""Words for the shell's completion from the site's files and its ledger.

Nothing is read but the site's files and the gate's socket, and nothing is written. Without a site,
and on any error, there are no words.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

if TYPE_CHECKING:  # slow to import, and needed only where a word is completed
    from handwheel.connectors.model.site import Site

Completer = Callable[[typer.Context, str], list[str]]

_TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")  # of bash; of zsh and fish


class _Words(Protocol):
    def __call__(self, site: "Site") -> Iterable[str]: ...


def command_being_typed() -> str:
    """Returns the first word after `handwheel` of the line that a shell completes."""
    line = next((os.environ[name] for name in _TYPED if os.environ.get(name)), "")
    return (line.split()[1:] or [""])[0]


def words_of_site(words: _Words) -> Completer:
    """Returns a completer by what a function returns for the site of the command line."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from handwheel.connectors.model.site import find_site, load_site

        given = ctx.params.get("site")
        try:
            site = load_site(find_site(Path(given) if given else None))
            return sorted({each for each in words(site) if each.startswith(incomplete)})
        except Exception:  # noqa: BLE001 (a message would land in the line that is being typed)
            return []

    return complete


def _ledger(known: str) -> Completer:
    def words(site: "Site") -> Iterable[str]:
        from handwheel.tools.guardrails.client import connect
        from handwheel.tools.guardrails.ledger.known_ids import known_ids

        with connect.open_ledger(site) as ledger:
            return known_ids(ledger, known)

    return words_of_site(words)


def _work_orders(site: "Site") -> Iterable[str]:
    from handwheel.tools.maintenance.work_order_database import read_work_order_ids

    return read_work_order_ids(site.state)


def _causes(site: "Site") -> Iterable[str]:
    from handwheel.agents.diagnosis.load import load_hypotheses

    return load_hypotheses(site)[0].causes


def _people(site: "Site", *, is_administrator: bool | None) -> list[str]:
    from handwheel.tools.guardrails.identity.roster import load_roster

    return [
        each.person
        for each in load_roster(site).operators
        if is_administrator in {None, each.is_administrator}
    ]


def _playbooks(site: "Site") -> list[str]:
    from handwheel.playbooks.language.loader import load_library

    return [each.id for each in load_library(site)[0]]


def _roles(site: "Site") -> Iterable[str]:
    from handwheel.playbooks.language.loader import load_library

    for each in load_library(site)[0]:
        for role in each.file.roles:
            yield from (f"{role}={equipment}" for equipment in site.equipment)


def _tools(site: "Site") -> Iterable[str]:
    from handwheel.site_tools import site_tools

    return site_tools(site)[0].names


def complete_argument(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the keys of the arguments of the tool that is typed, each with `=`."""

    def words(site: "Site") -> Iterable[str]:
        from handwheel.site_tools import site_tools

        tool = site_tools(site)[0].find(str(ctx.params.get("name")))
        return [f"{key}=" for key in tool.schema["properties"]]

    return words_of_site(words)(ctx, incomplete)


def complete_plant(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the names of the installed plants, without loading one."""
    from handwheel.connectors.config.plug_ins import PlugIns

    names = PlugIns("handwheel.plants", "plant").names()
    return [each for each in names if each.startswith(incomplete)]


complete_tag = words_of_site(lambda site: site.tags)
complete_assignment = words_of_site(
    lambda site: (f"{name}=" for name, tag in site.tags.items() if site.is_writable(tag))
)
complete_connection = words_of_site(lambda site: site.connections)
complete_equipment = words_of_site(lambda site: ("site", *site.equipment))
complete_playbook = words_of_site(_playbooks)
complete_role = words_of_site(_roles)
complete_person = words_of_site(lambda site: _people(site, is_administrator=None))
complete_operator = words_of_site(lambda site: _people(site, is_administrator=False))
complete_administrator = words_of_site(lambda site: _people(site, is_administrator=True))
complete_request = _ledger("requests")
complete_waiting_request = _ledger("waiting requests")
complete_open_request = _ledger("open requests")
complete_held_request = _ledger("held requests")
complete_case = _ledger("cases")
complete_run = _ledger("runs")
complete_open_run = _ledger("open runs")
complete_work_order = words_of_site(_work_orders)
complete_cause = words_of_site(_causes)
complete_tool = words_of_site(_tools)
