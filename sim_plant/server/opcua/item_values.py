"""Last two values of a monitored item, kept as copies that cost little."""

from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.server.monitored_item_service import MonitoredItemValues

_UNCHANGING = frozenset({bool, int, float, str, bytes, datetime, type(None)})


class ItemValues(MonitoredItemValues):
    """The values that a change is judged by.

    asyncua copies each value deeply, which was most of the server's CPU time. A scalar cannot
    change, so that new containers around it are a copy as good. Everything else is copied deeply.
    """

    def set_current_datavalue(self, cur_val: ua.DataValue) -> None:
        """Keeps a copy of the value, and the one before."""
        variant: Any = cur_val.Value
        code = cur_val.StatusCode
        if code is None or type(variant.Value) not in _UNCHANGING or variant.Dimensions:
            super().set_current_datavalue(cur_val)
            return
        self.old_dvalue = self.current_dvalue
        self.current_dvalue = ua.DataValue(
            ua.Variant(variant.Value, variant.VariantType, None, variant.is_array),
            ua.StatusCode(code.value),
            cur_val.SourceTimestamp,
            cur_val.ServerTimestamp,
            cur_val.SourcePicoseconds,
            cur_val.ServerPicoseconds,
        )
