"""Delivers messages by e-mail (SMTP, RFC 5321)."""

import asyncio
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.notice_spec import EmailChannel

from ..requests.timestamps import parse_stamp
from .channel import DeliveryFailed, reason_of
from .message import Message


class Email:
    """Channel to a mail server."""

    def __init__(
        self, spec: EmailChannel, root: Path, context: ssl.SSLContext | None = None
    ) -> None:
        """Keeps the settings.

        Args:
            root: Folder of the site, to which the place of the password is relative.
            context: Certificates to trust; by default those of the machine.
        """
        self._spec, self._root = spec, root
        self._context = context or ssl.create_default_context()

    async def deliver(self, message: Message) -> str:
        """Delivers a message. See `Channel.deliver`."""
        session = _Session(self._spec, self._root, self._context)
        try:
            return await asyncio.to_thread(session.send, _mail(message, self._spec.from_))
        finally:
            session.end()  # else the thread of a cancelled attempt waits for the server


class _Session:
    """One session with a mail server, in a thread of its own."""

    def __init__(self, spec: EmailChannel, root: Path, context: ssl.SSLContext) -> None:
        self._spec, self._root, self._context = spec, root, context
        self._server: smtplib.SMTP | None = None

    def send(self, mail: EmailMessage) -> str:
        """Sends a mail. Raises `DeliveryFailed`."""
        try:
            self._server = server = self._connect()
            if self._spec.tls == "starttls":
                server.starttls(context=self._context)
            if login := self._spec.login:
                secret = resolve_secret(login.secret, self._root, self._spec.host)
                server.login(login.user, secret)
            server.send_message(mail)
            with suppress(OSError):  # the message is taken, however the session ends
                server.quit()
        except NotConnected as error:
            raise DeliveryFailed(", ".join(error.endpoints.values())) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise DeliveryFailed(_refused(error)) from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(_answer(error.smtp_code, error.smtp_error)) from None
        except (OSError, ValueError) as error:  # every other error of SMTP is an OSError
            raise DeliveryFailed(reason_of(error)) from None
        finally:
            if self._server is not None:
                self._server.close()
        return "taken by the mail server"

    def _connect(self) -> smtplib.SMTP:
        spec = self._spec
        if spec.tls == "tls":
            return smtplib.SMTP_SSL(
                spec.host, spec.port, timeout=spec.within, context=self._context
            )
        return smtplib.SMTP(spec.host, spec.port, timeout=spec.within)

    def end(self) -> None:
        """Ends the connection, whatever the thread waits for."""
        if self._server is not None and (connection := self._server.sock) is not None:
            with suppress(OSError):
                connection.shutdown(2)


def _mail(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(parse_stamp(message.at))
    mail["Message-ID"] = f"<{message.idempotency_key}@{message.site}.handwheel>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, so that nobody's absence note answers
    mail.set_content(
        f"{message.text}\n\nTo {message.to}, {message.at}, about {message.about}.\n"
        "Nobody reads answers to this message.\n"
    )
    return mail


def _refused(error: smtplib.SMTPRecipientsRefused) -> str:
    return "; ".join(_answer(code, text) for code, text in error.recipients.values())


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"the mail server answered {code} {words}"
