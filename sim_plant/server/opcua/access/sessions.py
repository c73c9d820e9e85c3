"""asyncua's internal server, with sessions that stay on their channel."""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn, TypeVar, cast

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import (
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadServiceUnsupported,
    BadSubscriptionIdInvalid,
    BadTooManySubscriptions,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ...frame_log import FrameLog
from ..alarms.condition import TYPES
from ..alarms.event_fields import EventTypes
from ..alarms.monitored_items import PlantItems
from ..node_ids import standard_node
from ..status_codes import status
from .accounts import Accounts

_OAEP_PADDING = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
_NOBODY = User(UserRole.Anonymous)
_SHORTEST_INTERVAL_MS, _LONGEST_INTERVAL_MS = 10.0, 60_000.0
_LONGEST_LIFE_MS = 600_000.0  # of a subscription without publish requests
_MOST_SUBSCRIPTIONS = 20
_OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep"  # what Basic256Sha256 encrypts with


Service = TypeVar("Service", bound=Callable[..., Any])


def _of_own(service: Service) -> Service:
    """Returns a service that refuses a subscription which is not of the session."""

    def checked(session: "OwnSession", params: Any) -> Any:
        if not session.owns(params.SubscriptionId):
            raise BadSubscriptionIdInvalid
        return service(session, params)

    return cast(Service, checked)


class OwnSession(InternalSession):
    """A session that reaches its own subscriptions only, and ends them with itself.

    asyncua checks no owner, so that a viewer could end the gate's or a reader's subscription,
    and it keeps the subscriptions of closed sessions, which no client can use.

    Attributes:
        is_encrypted: Its channel is encrypted, so that a password need not be.
    """

    is_encrypted = False

    @property
    def _server(self) -> "Sessions":
        return cast(Sessions, self.iserver)

    def owns(self, subscription: int) -> bool:
        """Returns whether a subscription is of this session."""
        known = self.subscription_service.subscriptions.get(subscription)
        return known is not None and known.session_id == self.session_id

    def items_of(self, subscription: int) -> PlantItems | None:
        """Returns the items of a subscription of this session, or `None` if it is not its own."""
        if not self.owns(subscription):
            return None
        return cast(
            PlantItems, self.subscription_service.subscriptions[subscription].monitored_item_srv
        )

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        """Calls methods as the user of this session."""
        return await self._server.answer_calls(self, params)

    # Each names one subscription, which must be of this session.
    create_monitored_items = _of_own(InternalSession.create_monitored_items)
    modify_monitored_items = _of_own(InternalSession.modify_monitored_items)
    delete_monitored_items = _of_own(InternalSession.delete_monitored_items)
    set_monitoring_mode = _of_own(InternalSession.set_monitoring_mode)
    modify_subscription = _of_own(InternalSession.modify_subscription)
    republish = _of_own(InternalSession.republish)

    async def close_session(self, delete_subs: bool = True) -> None:
        """Closes the session and ends its subscriptions in any case."""
        del delete_subs
        await super().close_session(delete_subs=True)

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        """Creates a subscription with `PlantItems`.

        It publishes every 10 ms to 60 s, and lives for at most ten minutes without publish
        requests.

        Raises:
            BadTooManySubscriptions: The session has 20.
        """
        subscriptions = self.subscription_service.subscriptions
        if sum(map(self.owns, subscriptions)) >= _MOST_SUBSCRIPTIONS:
            raise BadTooManySubscriptions
        _revise(params)
        result = await super().create_subscription(params, callback, request_callback)
        created = subscriptions[cast(int, result.SubscriptionId)]
        created.monitored_item_srv = PlantItems(created, self.aspace, self._server.event_types)
        return result

    async def set_publishing_mode(
        self, params: ua.SetPublishingModeParameters
    ) -> list[ua.StatusCode]:
        """Sets the mode of subscriptions, none of them if one is not of this session."""
        if not all(self.owns(each) for each in cast(list[int], params.SubscriptionIds)):
            raise BadSubscriptionIdInvalid
        return await super().set_publishing_mode(params)

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        """Ends the subscriptions of this session among these."""
        own = [each for each in ids if self.owns(each)]
        ended = dict(zip(own, await super().delete_subscriptions(own), strict=True))
        refused = status(StatusCodes.BadSubscriptionIdInvalid)
        return [ended.get(each, refused) for each in ids]

    def publish(
        self, acks: Iterable[ua.SubscriptionAcknowledgement] | None = None
    ) -> tuple[int, list[ua.StatusCode]]:
        """Acknowledges notifications of this session's subscriptions."""
        return super().publish(
            [ack for ack in acks or () if self.owns(cast(int, ack.SubscriptionId))]
        )


Calls = Callable[[OwnSession, list[ua.CallMethodRequest]], Awaitable[list[ua.CallMethodResult]]]


class Sessions(InternalServer):
    """Keeps every session on the channel that created it, and registers no other server.

    asyncua binds a channel to the session whose token it names before it checks the
    identity, and tokens can be guessed, so that a viewer could act as the gate.
    """

    def __init__(self, accounts: Accounts, frames: FrameLog) -> None:
        super().__init__(user_manager=accounts)
        self._frames = frames
        self.event_types = EventTypes(self.aspace, [standard_node(kind) for kind in TYPES])
        self.answer_calls: Calls  # is set before the server starts

    def decrypt_user_token(self, isession: Any, token: ua.UserNameIdentityToken) -> tuple[str, str]:
        """Returns name and password, of which an encrypted one must be of this session.

        asyncua does not check the session's nonce, so that a recorded password opens another
        session. It also decrypts PKCS 1.5, which answers a padding oracle.

        Raises:
            BadIdentityTokenInvalid: The password cannot be decrypted, or is of another session.
            BadIdentityTokenRejected: The password is in clear, although the server has a key.

        Source: OPC UA Part 4, UserNameIdentityToken: length, password, nonce of the session.
        """
        name, secret = cast(str, token.UserName), cast(bytes, token.Password or b"")
        if not token.EncryptionAlgorithm:
            if self.private_key is not None and not isession.is_encrypted:
                raise BadIdentityTokenRejected
            return name, secret.decode()
        if token.EncryptionAlgorithm != _OAEP or self.private_key is None:
            raise BadIdentityTokenInvalid
        key = cast(RSAPrivateKey, self.private_key)
        plain = key.decrypt(secret, _OAEP_PADDING)
        nonce: bytes = isession.nonce
        length = int.from_bytes(plain[:4], "little")
        content = plain[4 : 4 + length]  # some clients fill the block up
        if length != len(content) or not hmac.compare_digest(content[-len(nonce) :], nonce):
            raise BadIdentityTokenInvalid
        return name, content[: -len(nonce)].decode()

    def create_session(
        self, name: str, user: User = _NOBODY, external: bool = False
    ) -> InternalSession:
        """Creates a session that reaches its own subscriptions only."""
        service = self.subscription_service
        return OwnSession(self, self.aspace, service, name, user=user, external=external)

    def lookup_external_session(self, auth_token: ua.NodeId) -> InternalSession | None:
        """Returns no session, since a session ends with its channel."""
        del auth_token
        return None

    def register_server(self, server: Any, conf: Any = None) -> NoReturn:
        """Refuses RegisterServer, which asyncua lets anyone call."""
        del conf
        self._refuse("RegisterServer", server)

    def register_server2(self, params: ua.RegisterServer2Parameters) -> NoReturn:
        """Refuses RegisterServer2."""
        self._refuse("RegisterServer2", params.Server)

    def _refuse(self, service: str, server: Any) -> NoReturn:
        self._frames.record(
            {
                "protocol": "opcua",
                "user": "",
                "service": service,
                "body": str(server.ServerUri).encode().hex(),
                "answer": ["BadServiceUnsupported"],
            }
        )
        raise BadServiceUnsupported


def _revise(params: ua.CreateSubscriptionParameters) -> None:
    asked = cast(float, params.RequestedPublishingInterval)
    interval = min(max(_SHORTEST_INTERVAL_MS, asked), _LONGEST_INTERVAL_MS)  # NaN: the shortest
    most = int(_LONGEST_LIFE_MS / interval)
    life, keep_alive = (
        cast(int, params.RequestedLifetimeCount),
        cast(int, params.RequestedMaxKeepAliveCount),
    )
    params.RequestedPublishingInterval = ua.Duration(interval)
    params.RequestedLifetimeCount = ua.Counter(min(life or most, most))
    # A third, as OPC UA Part 4, CreateSubscription requires.
    params.RequestedMaxKeepAliveCount = ua.Counter(min(keep_alive or most, most // 3))
