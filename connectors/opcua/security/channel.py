"""Secure channels with a server whose certificate is known.

asyncua accepts any certificate, also an expired or foreign one, and reports a refusal by an empty
error, a closed connection or silence. Here the certificate is checked before the channel is opened,
which proves that the server has the key.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import (
    SecurityPolicy,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from handwheel.connectors.hints import shell_command

from ...errors import os_reason
from ...model.endpoints import OpcuaConnection, Security
from .application import CERTIFICATE, FOLDER, Application, load_application
from .certificates import Certificate, leaf, read_certificate, utc_now
from .session_client import SessionClient

STEPS = 4
"""Additional steps of a connection attempt with security, for the endpoints."""

_POLICIES: Mapping[str, type[SecurityPolicy]] = {
    "Aes256Sha256RsaPss": SecurityPolicyAes256Sha256RsaPss,
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": SecurityPolicyAes128Sha256RsaOaep,
}
_BY_STRENGTH: Sequence[Security] = (
    "Aes256Sha256RsaPss/SignAndEncrypt",
    "Basic256Sha256/SignAndEncrypt",
    "Aes128Sha256RsaOaep/SignAndEncrypt",
    "Aes256Sha256RsaPss/Sign",
    "Basic256Sha256/Sign",
    "Aes128Sha256RsaOaep/Sign",
)
_MODES = {
    "SignAndEncrypt": ua.MessageSecurityMode.SignAndEncrypt,
    "Sign": ua.MessageSecurityMode.Sign,
}
_ABOUT_CERTIFICATES = ("BadCertificate", "BadSecurity")
_MISMATCH = "Server certificate mismatch"  # the only name that asyncua has for it


class ChannelRefused(UaError):
    """There is no channel. The message says why and what to do."""


class SecuredClient(SessionClient):
    """asyncua's client, which opens only the channel that the site file describes."""

    def __init__(self, name: str, config: OpcuaConnection, root: Path) -> None:
        super().__init__(config)
        self._name = name
        self._root = root
        self._ours = self._shown = ""  # thumbprints, once both certificates are known

    async def connect(self, **options: Any) -> None:
        """Checks the server's certificate, then opens channel and session.

        Raises:
            NotConnected: Our own certificate or key cannot be used.
            ChannelRefused: The server is not the pinned one, its certificate is out of date, or it
                refuses us.
        """
        application = await asyncio.to_thread(load_application, self._root, self._name)
        endpoints = await ask_endpoints(self._config)
        self._take(application, self._server(endpoints))
        await super().connect(**options)

    def _server(self, endpoints: Sequence[ua.EndpointDescription]) -> Certificate:
        """Returns the certificate with which the channel may be opened."""
        config = self._config
        shown = certificates_of(endpoints, config.security)
        if not shown:
            offered = ", ".join(offered_by(endpoints)) or "nothing that is supported here"
            raise ChannelRefused(f"the server does not offer {config.security}, but {offered}")
        pinned = [each for each in shown if each.thumbprint == config.certificate]
        if config.certificate and not pinned:
            raise ChannelRefused(_other_certificate(shown[0], config.certificate, self._name))
        server = (pinned or shown)[0]
        if denial := server.check(utc_now()):
            shows = shell_command("connections", "trust", self._name)
            raise ChannelRefused(
                f"the server's certificate {server.thumbprint} {denial}; its administrator "
                f"must renew it, then '{shows}' shows the new one"
            )
        return server

    def _take(self, application: Application, server: Certificate) -> None:
        policy, mode = _policy(self._config.security)
        chosen = policy(
            x509.load_der_x509_certificate(server.der),
            x509.load_der_x509_certificate(application.certificate.der),
            application.key,
            mode,
        )
        self.application_uri = application.uri
        self._ours, self._shown = application.certificate.thumbprint, server.thumbprint
        self.security_policy = cast(Any, chosen)
        self.uaclient.set_security(chosen)

    async def open_secure_channel(self, renew: bool = False) -> None:
        """Opens or renews the channel. Raises `ChannelRefused` if the server refuses it."""
        try:
            await super().open_secure_channel(renew)
        except UaStatusCodeError as error:
            raise self._refused(ua.StatusCode(error.code).name) from None
        except TimeoutError:
            raise self._refused(f"no answer within {self._config.timeout:g} s") from None
        except OSError as error:
            raise self._refused(_hang_up(error)) from None
        except AssertionError:  # asyncua got a fault instead of the answer, and dropped it
            raise self._refused("refused without a reason") from None

    async def create_session(self) -> ua.CreateSessionResult:
        """Creates the session. Raises `ChannelRefused`, also if the server's key is not proven."""
        try:
            return await super().create_session()
        except InvalidSignature:
            reason = "its signature does not fit its certificate: it does not have the key to it"
            raise ChannelRefused(f"the server is not who it says: {reason}") from None
        except UaStatusCodeError as error:
            code = ua.StatusCode(error.code).name
            if code.startswith(_ABOUT_CERTIFICATES):
                raise self._refused(code) from None
            raise
        except ConnectionError as error:
            if error.errno:  # a cut, and no answer to us
                raise
            raise self._refused(_hang_up(error)) from None
        except UaError as error:
            if str(error) != _MISMATCH:
                raise
            raise ChannelRefused(
                f"the server is not who it says: the channel is with {self._shown}, and the "
                "session with another certificate"
            ) from None

    def _refused(self, reason: str) -> ChannelRefused:
        file = self._root / FOLDER / CERTIFICATE
        return ChannelRefused(
            f"the server opens no secure channel ({reason}): most often it does not trust our "
            f"certificate {self._ours}, {file}, which its administrator must put among its trusted "
            f"clients; or it does not have the key to the certificate that it shows, {self._shown}"
        )


async def ask_endpoints(config: OpcuaConnection) -> list[ua.EndpointDescription]:
    """Asks a server for its endpoints over a channel without security.

    The answer is not trusted. It only names the certificate to check.

    Raises:
        OSError, TimeoutError, UaError: There is no answer.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each of four steps.
    """
    client = Client(config.endpoint, timeout=config.timeout)
    found = cast(
        "list[ua.EndpointDescription] | None", await client.connect_and_get_server_endpoints()
    )
    return found or []


def offered_by(endpoints: Sequence[ua.EndpointDescription]) -> Sequence[Security]:
    """Returns the supported securities of the endpoints, the strongest first."""
    found: list[Security] = [each for each in _BY_STRENGTH if certificates_of(endpoints, each)]
    modes = [cast(ua.MessageSecurityMode, each.SecurityMode) for each in endpoints]
    if ua.MessageSecurityMode.None_ in modes:
        found.append("None")
    return found


def certificates_of(
    endpoints: Sequence[ua.EndpointDescription], security: Security
) -> list[Certificate]:
    """Returns the readable certificates that a server shows for a security."""
    policy, mode = _policy(security)
    found: dict[bytes, Certificate] = {}
    for each in endpoints:
        chain = cast(bytes | None, each.ServerCertificate)
        is_tcp = (cast(str | None, each.EndpointUrl) or "").startswith("opc.tcp://")
        if chain and is_tcp and (each.SecurityPolicyUri, each.SecurityMode) == (policy.URI, mode):
            try:
                found[leaf(chain)] = read_certificate(chain)
            except ValueError:
                continue
    return list(found.values())


def _policy(security: Security) -> tuple[type[SecurityPolicy], ua.MessageSecurityMode]:
    policy, _, mode = security.partition("/")
    return _POLICIES[policy], _MODES[mode]


def _hang_up(error: OSError) -> str:
    """Returns the reason of a lost connection. Here the server ends it on purpose."""
    return os_reason(error) if error.errno else "it hung up"


def _other_certificate(shown: Certificate, pinned: str, name: str) -> str:
    shows = shell_command("connections", "trust", name)
    return (
        f"the server shows the certificate {shown.thumbprint}, and site.yaml pins {pinned}: if it "
        f"was renewed, '{shows}' shows the new one, to be compared with "
        "what the server's administrator says; if not, this is another server"
    )
