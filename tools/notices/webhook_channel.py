"""Delivers messages as JSON by POST to an address (webhook)."""

import hmac
import json
import ssl
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import httpx

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.notice_spec import WebhookChannel

from .channel import DeliveryFailed, reason_of
from .message import Message

SIGNATURE = "X-Handwheel-Signature"
"""Header with the HMAC-SHA256 of the body, hexadecimal."""


class Webhook:
    """Channel to a service that takes JSON."""

    def __init__(self, spec: WebhookChannel, root: Path) -> None:
        """Keeps the settings. The place of the secret is relative to the site's folder `root`."""
        self._spec, self._root = spec, root
        self._context = ssl.create_default_context()

    async def deliver(self, message: Message) -> str:
        """Delivers a message. See `Channel.deliver`."""
        body = json.dumps(message.fields).encode()
        # Proxies of the environment are not asked: site.yaml alone says where a notice goes.
        client = httpx.AsyncClient(verify=self._context, timeout=self._spec.within, trust_env=False)
        try:
            headers = self._headers(message, body)
            post = client.stream("POST", self._spec.url, content=body, headers=headers)
            async with client, post as response:  # its body is not read, and may be of any size
                answer = f"answered {response.status_code} {_phrase(response.status_code)}".strip()
                if not response.is_success:
                    raise DeliveryFailed(answer)
                return answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryFailed(reason_of(error)) from None

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.idempotency_key,
        }
        if self._spec.secret is None:
            return headers
        try:
            secret = resolve_secret(self._spec.secret, self._root, self._spec.url)
        except NotConnected as error:
            raise DeliveryFailed(", ".join(error.endpoints.values())) from None
        signature = hmac.new(secret.encode(), body, sha256).hexdigest()
        return {**headers, SIGNATURE: f"sha256={signature}"}


def _phrase(status: int) -> str:
    """Returns our words for a status, as the service's own could be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
