"""Command group `handwheel notices`."""

import asyncio
import json
from typing import Annotated
from uuid import uuid4

import typer

from handwheel.connectors.model.notice_spec import NoticeSpec
from handwheel.connectors.model.site import Site
from handwheel.tools.append_only_store import IF_DAMAGED
from handwheel.tools.errors import InvalidArguments, ToolFailed
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import plain, printable

from ..shell.cli.exits import NO, run
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.terminal.wrap import fold
from .deliveries import delivery_fields, delivery_line, site_deliveries

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_notices(
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="Number of deliveries.")] = 20,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the last notices with their delivery, the oldest first.

    The agents' process delivers them, and tries again for about an hour. A recipient without a
    channel in site.yaml sees them on the screens only.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    try:
        every, now = site_deliveries(opened), instant_now().wall
    except ToolFailed as error:
        raise ToolFailed(f"notices are not known: {error}; {IF_DAMAGED}") from None
    found = every[max(len(every) - count, 0) :]
    if as_json:
        typer.echo(json.dumps([delivery_fields(each, now) for each in found]))
        return
    for each in found:
        typer.echo(fold(delivery_line(each, now)))
    if not found:
        typer.echo("no notices")


@app.command("test")
def send_test(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="As in site.yaml.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message through each channel of a recipient.

    Exit codes: 0 every channel took it, 1 one did not, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    spec = _spec_of(opened, recipient)
    results = _sent_test(opened, spec, recipient)
    if as_json:
        fields = [
            {"channel": name, "address": spec.to[recipient][name], "taken": taken, "answer": answer}
            for name, (taken, answer) in results.items()
        ]
        typer.echo(json.dumps(fields))
    else:
        for name, (taken, answer) in results.items():
            address = printable(spec.to[recipient][name])
            words = answer if taken else f"FAILED: {answer}"
            typer.echo(fold(f"{plain(name)}  {address}  {words}"))
    if not all(taken for taken, _ in results.values()):
        raise SystemExit(NO)


def _spec_of(site: Site, recipient: str) -> NoticeSpec:
    if site.notices is None:
        raise InvalidArguments("site.yaml has no notices: nobody can be told outside the screens")
    if recipient not in site.notices.to:
        known = ", ".join(map(printable, site.notices.to)) or "none"
        raise InvalidArguments(
            f"{printable(recipient)} has no channel in notices of site.yaml; known: {known}"
        )
    return site.notices


def _sent_test(site: Site, spec: NoticeSpec, recipient: str) -> dict[str, tuple[bool, str]]:
    """Sends a test message, and returns for each channel whether it was taken and the answer.

    Effect: messages leave the site. Retry: none. Timeout: `within` of each channel.
    """
    results: dict[str, tuple[bool, str]] = {}
    run(_send(site, spec, recipient, results))
    return results


async def _send(
    site: Site, spec: NoticeSpec, recipient: str, results: dict[str, tuple[bool, str]]
) -> None:
    from handwheel.tools.maintenance.work_order_database import Notice
    from handwheel.tools.notices.attempt import attempt
    from handwheel.tools.notices.channel import DeliveryFailed
    from handwheel.tools.notices.message import message_of
    from handwheel.tools.notices.open_channels import open_channels
    from handwheel.tools.requests.timestamps import stamp

    channels, key = open_channels(spec, site.root), uuid4().hex

    async def send(name: str, address: str) -> tuple[bool, str]:
        at = stamp(instant_now().wall)
        text = f"Test of the channel {name}. Nothing has happened."
        notice = Notice(key=key, at=at, to=recipient, text=text, run_id="test")
        message = message_of(notice, site.id, address)
        try:
            return True, await attempt(channels[name], message, spec.channels[name].within)
        except DeliveryFailed as error:
            return False, str(error)

    addresses = spec.to[recipient]
    answers = await asyncio.gather(*(send(*each) for each in addresses.items()))
    results |= zip(addresses, answers, strict=True)
