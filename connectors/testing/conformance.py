"""The kit's classes, as a third party subclasses them, and the list of their rules."""

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
    """What every connector keeps; write `rig` and let pytest collect the class."""


class Conformance(BaseConformance, BrowseChecks, DescribeChecks, SubscriptionChecks, EncoderChecks):
    """The base, and what holds for a session that browses, describes, subscribes or encodes."""


def _rules() -> Mapping[str, str]:
    checks = {
        rule_of(name): getdoc(check) or ""
        for name, check in getmembers(Conformance)
        if name.startswith("test_")
    }
    return {**checks, **FEATURES}


RULES: Mapping[str, str] = _rules()
"""Every rule by its id, and what it says; those of `FEATURES` have no check in the kit."""
