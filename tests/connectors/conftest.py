"""What several tests of connectors need."""

import pytest

from handwheel.connectors.modbus import tcp_protocol


@pytest.fixture
def ids_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Modbus connection begins with transaction 1, and not anywhere."""

    def first(_: int) -> int:
        return 0

    monkeypatch.setattr(tcp_protocol, "randrange", first)
