"""Decorators that make plug-ins, and name the place where their arguments are wrong."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ..errors import ConfigError, Problem

_Arguments = ParamSpec("_Arguments")
_Decorator = TypeVar("_Decorator")


def plug_in_decorator(
    maker: Callable[_Arguments, _Decorator],
) -> Callable[_Arguments, _Decorator]:
    """Makes wrong arguments of a decorator a `ConfigError` with file and line.

    Args:
        maker: Returns the decorator. All its arguments are given by name.
    """
    signature, name = inspect.signature(maker), maker.__name__

    @wraps(maker)
    def made(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Decorator:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            reason = f"write @{name}(…) with its arguments by name" if args else str(error)
            caller = inspect.stack(0)[1]
            problem = Problem(caller.filename, caller.lineno, 1, name, reason)
            raise ConfigError([problem]) from None
        return maker(*args, **kwargs)

    return made
