"""Channels against real servers on loopback: what arrives, and how each failure is told."""

import asyncio
import hmac
import json
import os
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from handwheel.connectors.model.notice_spec import CommandChannel, EmailChannel, WebhookChannel
from handwheel.tools.maintenance.work_order_database import Notice
from handwheel.tools.notices.channel import Channel, DeliveryFailed
from handwheel.tools.notices.command_channel import Command
from handwheel.tools.notices.email_channel import Email
from handwheel.tools.notices.message import Message, message_of
from handwheel.tools.notices.webhook_channel import SIGNATURE, Webhook

from ...plants.devices.misbehaving import eventually

HOSTILE = "header pressure\r\nBcc: evil@x\n\n\x1b[2J\u202ecleared"


def message(address: str = "ben@plant") -> Message:
    notice = Notice(
        key="U-7K3MQ2XA/3/ben", at="2026-11-25T08:50:25.123Z", to="ben", text=HOSTILE,
        run_id="U-7K3MQ2XA",
    )  # fmt: skip
    return message_of(notice, "works-7", address)


async def reason(channel: Channel) -> str:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())
    return str(failed.value)


@asynccontextmanager
async def http_server(answer: bytes) -> AsyncGenerator[tuple[str, list[tuple[str, bytes]]]]:
    """Answers each POST, or nothing at all if the answer is empty."""
    got = list[tuple[str, bytes]]()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
        got.append((head, await reader.readexactly(length)))
        writer.write(answer)
        if not answer:
            await reader.read()  # until the client has gone
        writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", got


async def test_a_webhook_gets_the_notice_as_signed_json_with_its_idempotency_key(
    tmp_path: Path,
) -> None:
    (tmp_path / "pager").write_text("key of the pager\n", encoding="utf-8")
    (tmp_path / "pager").chmod(0o600)
    async with http_server(b"HTTP/1.1 202 \x1b[2J\r\nContent-Length: 9\r\n\r\n") as (url, got):
        spec = WebhookChannel(kind="webhook", url=url, secret="file:pager")
        assert await Webhook(spec, tmp_path).deliver(message("b-4")) == "answered 202 Accepted"
    (head, body), headers = got[0], got[0][0].lower()
    fields = json.loads(body)
    assert (fields["to"], fields["address"], fields["about"]) == ("ben", "b-4", "U-7K3MQ2XA")
    assert fields["text"].isprintable()
    signature = hmac.new(b"key of the pager", body, sha256).hexdigest()
    assert f"{SIGNATURE}: sha256={signature}".lower() in headers
    assert f"idempotency-key: {message().idempotency_key}" in headers
    assert head.startswith("POST /hook ")


async def test_a_webhook_that_refuses_or_answers_500_says_so(tmp_path: Path) -> None:
    async with http_server(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n") as (url, _):
        spec = WebhookChannel(kind="webhook", url=url)
        assert await reason(Webhook(spec, tmp_path)) == "answered 500 Internal Server Error"
        missing = spec.model_copy(update={"secret": "env:NO_SUCH_PAGER"})
        assert "NO_SUCH_PAGER is not set" in await reason(Webhook(missing, tmp_path))
    assert await reason(Webhook(spec, tmp_path)) == "connection refused"


async def test_a_webhook_that_hangs_is_left_when_the_attempt_is_cancelled(tmp_path: Path) -> None:
    async with http_server(b"") as (url, got):
        webhook = Webhook(WebhookChannel(kind="webhook", url=url), tmp_path)
        attempt = asyncio.create_task(webhook.deliver(message()))
        await eventually(lambda: bool(got))
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt


class Mailbox:
    """Keeps what a mail server takes, and refuses one recipient."""

    def __init__(self) -> None:
        self.mails = list[tuple[EmailMessage, bool]]()

    async def handle_RCPT(  # noqa: N802 (the name and form of aiosmtpd)
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return "550 no such\x07 mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        self.mails.append((mail, session.ssl is not None and bool(session.authenticated)))
        return "250 OK"


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Returns the context of a server, and of a client that trusts only it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, SHA256())
    )
    pem, private = made.public_bytes(Encoding.PEM), folder / "mail.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private.write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(private)
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_an_email_goes_out_encrypted_and_its_text_adds_no_header(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("correct", encoding="utf-8")
    (tmp_path / "pw").chmod(0o600)
    mailbox, (server_context, context) = Mailbox(), tls_contexts(tmp_path)

    def authenticate(*given: object) -> AuthResult:
        login = given[-1]
        return AuthResult(success=getattr(login, "password", b"") == b"correct", handled=False)

    def serve() -> SMTP:
        return SMTP(
            mailbox, hostname="mail", tls_context=server_context, require_starttls=True,
            authenticator=authenticate, auth_required=True,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    async with server:
        said = {
            "kind": "email", "host": "127.0.0.1", "from": "handwheel@plant",
            "port": server.sockets[0].getsockname()[1],
            "login": {"user": "hw", "secret": "file:pw"},
        }  # fmt: skip
        spec = EmailChannel.model_validate(said)
        assert await Email(spec, tmp_path, context).deliver(message()) == "taken by the mail server"
        with pytest.raises(DeliveryFailed, match=r"answered 550 no such\\x07 mailbox"):
            await Email(spec, tmp_path, context).deliver(message("gone@plant"))
        assert "TLS: self-signed certificate" in await reason(Email(spec, tmp_path))
        (tmp_path / "pw").write_text("wrong", encoding="utf-8")
        assert "answered 535" in await reason(Email(spec, tmp_path, context))
    ((mail, was_secret),) = mailbox.mails
    assert was_secret
    assert mail["Bcc"] is None
    assert (mail["To"], mail["From"]) == ("ben@plant", "handwheel@plant")
    assert mail["Message-ID"] == f"<{message().idempotency_key}@works-7.handwheel>"
    assert str(mail["Subject"]).startswith("[works-7] header pressure")
    assert "\x1b" not in mail.get_content()
    assert await reason(Email(spec, tmp_path, context)) == "connection refused"


async def test_a_command_gets_json_and_tells_its_exit_code(tmp_path: Path) -> None:
    out = tmp_path / "out"
    spec = CommandChannel(kind="command", run=["sh", "-c", f"cat > {out}; exit 3"])
    assert await reason(Command(spec)) == "sh ended with 3"
    assert json.loads(out.read_text(encoding="utf-8")) == message().fields
    assert await Command(spec.model_copy(update={"run": ["true"]})).deliver(message()) == (
        "true ended with 0"
    )
    absent = spec.model_copy(update={"run": [str(tmp_path / "horn")]})
    assert await reason(Command(absent)) == f"{tmp_path / 'horn'}: no such file or directory"


async def test_a_command_that_hangs_is_ended_with_what_it_has_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    line = f"sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"
    command = Command(CommandChannel(kind="command", run=["sh", "-c", line]))
    attempt = asyncio.create_task(command.deliver(message()))
    await eventually(pid.exists)
    attempt.cancel()
    await asyncio.gather(attempt, return_exceptions=True)
    child = int(pid.read_text(encoding="utf-8"))
    await eventually(lambda: not _is_alive(child))


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"} and os.getpgid(pid) != 0
