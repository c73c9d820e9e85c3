"""Errors that come from another process."""

import pickle

import pytest

from handwheel.connectors.errors import ConfigError, HandwheelError, NotConnected, Problem
from handwheel.playbooks.language.errors import Finding, PlaybookError

FINDING = Finding("a.yaml", 3, 7, "unknown-name", "error", "cw/a", "", "there is no tag 'X'", "")


@pytest.mark.parametrize(
    "error",
    [
        ConfigError([Problem("site.yaml", 2, 1, "id", "is missing")]),
        PlaybookError([FINDING]),
        NotConnected({"dcs": "no answer"}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_of_a_worker_process_says_what_it_said_there(error: HandwheelError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
