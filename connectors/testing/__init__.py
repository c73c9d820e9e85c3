"""Conformance kit, which tests a connector of your own in a few lines.

```python
class TestMine(Conformance):
    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with my_device() as device, LinkProxy(device.port) as link:
            yield Rig(connector=MyConnector(link.port), link=link, ...)
```

`BaseConformance` has the rules of every connector. `Conformance` adds those of optional
capabilities, which must be what `quality.toml` claims. This package needs pytest and
pytest-asyncio. No other package imports it.
"""

from .claims import BASE_RULES, FEATURES, QualityFile, load_quality, proofs_of
from .conformance import RULES, BaseConformance, Conformance
from .rig import AcceptedWrite, Item, Link, Rig

__all__ = [
    "BASE_RULES",
    "FEATURES",
    "RULES",
    "AcceptedWrite",
    "BaseConformance",
    "Conformance",
    "Item",
    "Link",
    "QualityFile",
    "Rig",
    "load_quality",
    "proofs_of",
]
