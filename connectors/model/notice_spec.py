"""Channels and recipients of notices, as `site.yaml` names them."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, field_validator, model_validator

from ..config.durations import Duration, between
from ..config.hosts import is_loopback
from ..config.secrets import SecretPlace
from ..config.validation import Model, spelled
from ..config.yaml_documents import Document
from ..errors import Problem
from .endpoints import Credentials

_MAIL = r"[!-~]+@[A-Za-z0-9.-]+"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)

MailAddress = Annotated[str, spelled(_MAIL, "is no e-mail address; write NAME@HOST in ASCII")]


class _Channel(Model):
    # Of one attempt.
    within: Annotated[Duration, between(0.01, 60.0, "10 ms and 1 min")] = 10.0


class EmailChannel(_Channel):
    """Mail server that takes messages by SMTP, with its own account or none."""

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    from_: MailAddress = Field(alias="from")
    login: Credentials | None = None

    @model_validator(mode="after")
    def _hides_password(self) -> Self:
        if self.login and self.tls == "none" and not is_loopback(self.host):
            raise ValueError("a login needs tls: starttls or tls, else the password can be read")
        return self


class WebhookChannel(_Channel):
    """Address of a service that takes notices as JSON by POST."""

    kind: Literal["webhook"]
    url: str
    secret: SecretPlace | None = None  # key of the signature; `None` for none

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        wrong = ValueError(f"{url!r} is no address; write https://HOST/PATH")
        try:
            parts = urlsplit(url)
            has_port = parts.port != 0
        except ValueError:  # a port that is no number, or an address in broken brackets
            raise wrong from None
        is_plain = url.isascii() and url.isprintable() and " " not in url
        if parts.scheme not in {"http", "https"} or not (parts.hostname and has_port and is_plain):
            raise wrong
        if "@" in parts.netloc:
            raise ValueError("a user or password does not belong here; use secret")
        return url


class CommandChannel(_Channel):
    """Program of this machine that gets a notice as JSON on standard input."""

    kind: Literal["command"]
    run: list[str]  # program and arguments; no shell reads them

    @field_validator("run")
    @classmethod
    def _is_program(cls, words: list[str]) -> list[str]:
        if not "".join(words[:1]) or any("\0" in each for each in words):
            raise ValueError("must begin with a program")
        return words


Channel = Annotated[EmailChannel | WebhookChannel | CommandChannel, Discriminator("kind")]


class NoticeSpec(Model):
    """Channels of a site, and the address of each recipient in some of them.

    A recipient is a role, a person or another word that a playbook names. `default` has those who
    are told of what waits for a person.
    """

    channels: dict[str, Channel]
    to: dict[str, dict[str, str]]  # of each recipient, the addresses by channel
    default: list[str] = Field(default_factory=list)


def check_notices(spec: NoticeSpec, document: Document) -> Iterator[Problem]:
    """Yields problems of channels and recipients, such as a channel that is not there."""
    for name in spec.channels:
        if not _NAME.fullmatch(name):
            reason = "a channel is at most 64 letters, digits, '.', '_' and '-'"
            yield document.problem(("notices", "channels", name), reason)
    for number, recipient in enumerate(spec.default):
        if recipient not in spec.to:
            reason = f"{recipient!r} has no channel; name one in to"
            yield document.problem(("notices", "default", number), reason)
    for recipient, addresses in spec.to.items():
        path = ("notices", "to", recipient)
        if not addresses:
            yield document.problem(path, "has no channel; write CHANNEL: ADDRESS, or remove it")
        for name, address in addresses.items():
            channel = spec.channels.get(name)
            if channel is None:
                known = ", ".join(spec.channels) or "none"
                reason = f"there is no channel {name!r}; known: {known}"
                yield document.problem((*path, name), reason)
            elif channel.kind == "email" and not re.fullmatch(_MAIL, address, re.ASCII):
                reason = f"{address!r} is no e-mail address; write NAME@HOST in ASCII"
                yield document.problem((*path, name), reason)
