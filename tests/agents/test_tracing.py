"""What the agents' libraries send to others: nothing, whatever the environment says."""

import os
from importlib import import_module, reload
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManager

from handwheel import agents

VARIABLES = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)
LANGSMITH: Any = import_module("langsmith.utils")


@pytest.mark.parametrize("name", VARIABLES)
def test_no_variable_turns_tracing_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_key")
    LANGSMITH.get_env_var.cache_clear()
    assert LANGSMITH.tracing_is_enabled()  # so it would be without us
    reload(agents)
    LANGSMITH.get_env_var.cache_clear()
    assert not LANGSMITH.tracing_is_enabled()
    assert CallbackManager.configure().handlers == []
    assert "LANGSMITH_API_KEY" not in os.environ
