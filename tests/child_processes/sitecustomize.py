"""Lowers the cost of key derivation in each process that the tests start.

Python imports this module at its start, since `tests/conftest.py` puts its folder on the path of
child processes. It waits for the import of the module, so that a command imports nothing more.
"""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_KEYS = "handwheel.tools.guardrails.identity.keys"


class _LowCostKeys:
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != _KEYS:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            setattr(module, "KDF_ROUNDS", 1)  # noqa: B010

        setattr(spec.loader, "exec_module", exec_module)  # noqa: B010
        return spec


sys.meta_path.insert(0, _LowCostKeys())
