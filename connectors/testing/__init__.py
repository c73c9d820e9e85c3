"""The conformance kit: a connector of your own is proven in five lines.

```python
class TestMine(Conformance):
    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with my_device() as device, LinkProxy(device.port) as link:
            yield Rig(connector=MyConnector(link.port), link=link, ...)
```

`BaseConformance` is what every connector keeps. `Conformance` adds what a session may be able
to do more; what it cannot is found out, and must be what its `quality.toml` says. This package
needs pytest and pytest-asyncio, and nothing that runs imports it.
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
