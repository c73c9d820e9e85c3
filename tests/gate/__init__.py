"""Tests of the gate, with a testbed whose assertions say what they compare."""

import pytest

pytest.register_assert_rewrite("tests.gate.testbed.served", "tests.gate.testbed.with_oracle")
