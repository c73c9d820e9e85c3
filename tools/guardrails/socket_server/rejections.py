"""Answers to what a server does not take, each a document with code and reason."""

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import name_site

from ..client.denials import denial_fields, denial_of

_STATUS = {
    "arguments": HTTPStatus.UNPROCESSABLE_ENTITY,
    "configuration": HTTPStatus.INTERNAL_SERVER_ERROR,
    "failed": HTTPStatus.INTERNAL_SERVER_ERROR,
    "interlock": HTTPStatus.CONFLICT,
    "ledger": HTTPStatus.SERVICE_UNAVAILABLE,
    "lost-race": HTTPStatus.CONFLICT,
    "order-pending": HTTPStatus.CONFLICT,
}
"""Status by the code of an error. Any other is a guardrail's."""

_logger = logging.getLogger(__name__)


class Rejected(Exception):
    """A request that is not taken, before anything was done."""

    def __init__(self, status: HTTPStatus, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.denial = status, Denial(code, reason)


def denials(server: str) -> Middleware:
    """Returns a middleware that answers each error of a handler with its denial.

    Args:
        server: Name of the process for people, such as `the gate`.
    """

    @web.middleware
    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        name_site(None)  # the sender names commands as it was started itself
        try:
            return await handler(request)
        except Rejected as rejection:
            return denied(rejection.status, rejection.denial)
        except HandwheelError as error:
            denial = denial_of(error)
            return denied(_STATUS.get(denial.code, HTTPStatus.FORBIDDEN), denial)
        except web.HTTPException as error:
            reason = f"{server} has no {request.method} {request.path}; is it of another version?"
            return denied(HTTPStatus(error.status), Denial("unknown-path", reason))
        except ConnectionError:  # nobody is there to answer, which is no fault of the server
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        except Exception as fault:
            _logger.exception("a message has failed")
            reason = f"{server} has failed at it: {type(fault).__name__}"
            return denied(HTTPStatus.INTERNAL_SERVER_ERROR, Denial("internal", reason))

    return answered


def denied(status: HTTPStatus, denial: Denial) -> web.Response:
    """Returns the answer that says a denial."""
    return web.json_response(denial_fields(denial), status=status)
