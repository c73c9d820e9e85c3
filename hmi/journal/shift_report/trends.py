"""Recorded courses of the tags that cases of a shift are about."""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.model.site import Site
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable

from .cases import CaseHistory
from .model import Trend

_MOST = 6
_SLOTS = 240
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


def recorded_trends(
    site: Site, cases: Iterable[CaseHistory], since: datetime, until: datetime
) -> list[Trend]:
    """Returns the courses of the six tags that the cases of a time name most often.

    A history that cannot be read has none.
    """
    names = Counter(
        name
        for case in cases
        if parse_stamp(case.entries[-1].at) >= since
        for each in case.entries
        for name in _NAME.findall(str(each.body))
        if name in site.tags and site.tags[name].kind == "float"
    )
    found: list[Trend] = []
    with suppress(HistoryError), HistoryReader.of(site) as reader:
        for name, _ in names.most_common(_MOST):
            slots = reader.trend(name, since.timestamp(), until.timestamp(), _SLOTS)
            values = [slot.mean for slot in slots]
            if any(each is not None for each in values):
                title = f"{plain(name)} {printable(site.tags[name].unit)}".rstrip()
                found.append(Trend(title, values))
    return found
