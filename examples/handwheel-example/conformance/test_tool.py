"""The tool tells the margin of a good reading, and nothing of a bad one."""

from unittest.mock import AsyncMock, Mock

import pytest

from handwheel import Reading, Site
from handwheel.connectors.model.values import Quality
from handwheel.errors import BadQuality
from handwheel_example.tools import header_margin


def site_with(pressure: Reading) -> Site:
    return Mock(Site, read=AsyncMock(return_value=pressure))


@pytest.mark.asyncio
async def test_header_margin_is_that_of_a_good_reading() -> None:
    good = Reading("PT-102.pv", 350.0, "kPa", Quality.GOOD, "Good", 0.1)
    found = await header_margin.call(site_with(good), {"limit": 300.0})
    assert found["margin_kPa"] == 50.0
    bad = Reading("PT-102.pv", 350.0, "kPa", Quality.BAD, "BadSensorFailure", 9.0)
    with pytest.raises(BadQuality):
        await header_margin.call(site_with(bad), {})
