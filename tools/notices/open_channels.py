"""Opens the channels of a site."""

from pathlib import Path

from handwheel.connectors.model.notice_spec import (
    CommandChannel,
    EmailChannel,
    NoticeSpec,
    WebhookChannel,
)

from .channel import Channel


def open_channels(spec: NoticeSpec, root: Path) -> dict[str, Channel]:
    """Returns the channels by name. Secrets are read at each attempt, from the folder `root`."""
    return {name: _channel(each, root) for name, each in spec.channels.items()}


def _channel(spec: EmailChannel | WebhookChannel | CommandChannel, root: Path) -> Channel:
    # Libraries of kinds that a site does not use are not imported.
    match spec:
        case EmailChannel():
            from .email_channel import Email

            return Email(spec, root)
        case WebhookChannel():
            from .webhook_channel import Webhook

            return Webhook(spec, root)
        case CommandChannel():
            from .command_channel import Command

            return Command(spec)
