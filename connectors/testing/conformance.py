"""The kit's classes to subclass, and the list of their rules."""

from collections.abc import Mapping
from inspect import getdoc, getmembers

import pytest

from .capability_checks import BrowseChecks, DescribeChecks, EncoderChecks
from .claims import FEATURES
from .loss_checks import LossChecks
from .read_checks import ReadingChecks
from .session_checks import SessionChecks
from .subscription_checks import SubscriptionChecks
from .suite import rule_of


@pytest.mark.asyncio
class BaseConformance(ReadingChecks, SessionChecks, LossChecks):
    """Rules of every connector. Override `rig` and let pytest collect the class."""


class Conformance(BaseConformance, BrowseChecks, DescribeChecks, SubscriptionChecks, EncoderChecks):
    """The base rules and those of browsing, describing, subscribing and encoding."""


def _rules() -> Mapping[str, str]:
    checks = {
        rule_of(name): getdoc(check) or ""
        for name, check in getmembers(Conformance)
        if name.startswith("test_")
    }
    return {**checks, **FEATURES}


RULES: Mapping[str, str] = _rules()
"""Description of every rule by its id. Those of `FEATURES` have no check in the kit."""
