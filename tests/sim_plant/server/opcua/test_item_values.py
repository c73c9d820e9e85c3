"""What a monitored item keeps of a value is its own."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua

from handwheel.sim_plant.server.opcua.item_values import ItemValues

VARIANTS = [
    ua.Variant(1.5, ua.VariantType.Double),
    ua.Variant(2, ua.VariantType.UInt16),
    ua.Variant(None, ua.VariantType.Null),
    ua.Variant([1.0, 2.0], ua.VariantType.Double),
    ua.Variant([ua.LocalizedText("local")]),
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_kept_value_is_equal_and_shares_nothing_that_can_change(variant: ua.Variant) -> None:
    now: Any = datetime.now(UTC)
    data: Any = ua.DataValue(deepcopy(variant), SourceTimestamp=now, ServerTimestamp=now)
    before, values = deepcopy(data), ItemValues()
    values.set_current_datavalue(data)
    assert values.get_current_datavalue() == before
    if isinstance(data.Value.Value, list):
        data.Value.Value.clear()
    data.Value.Value = data.StatusCode.value = data.SourceTimestamp = 7
    values.set_current_datavalue(data)
    assert values.get_old_datavalue() == before
