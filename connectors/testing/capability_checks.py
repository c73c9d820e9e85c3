"""Checks of the optional capabilities to browse, describe and encode writes."""

from collections.abc import Sequence
from math import inf, nan

from ..model.tags import NodeAddress, Tag
from ..model.values import Value
from ..session.protocols import BrowseEntry, Browses, Describes, Description, Encoder
from .rig import Item
from .suite import Suite, check_lost, read_exactly

_MOST_NODES = 500


class BrowseChecks(Suite):
    """Rules of a session that is `Browses`."""

    async def test_browsing_finds_every_item(self) -> None:
        """Browsing from the entry point leads to each node that a tag names."""
        async with self._able(Browses) as (rig, session):
            assert isinstance(session, Browses)
            wanted = {tag.address.node for tag in rig.tags if isinstance(tag.address, NodeAddress)}
            found = await _walk(session, wanted)
            assert wanted <= found.keys(), f"not found: {sorted(wanted - found.keys())}"
            kinds = {found[node].kind for node in wanted}
            assert kinds == {"variable"}, f"a tag is {kinds}"

    async def test_browsing_nothing_is_a_value_error(self) -> None:
        """An unknown node raises `ValueError` with a reason, and the session goes on."""
        async with self._able(Browses) as (rig, session):
            assert isinstance(session, Browses)
            address = rig.unknown.address
            assert isinstance(address, NodeAddress)
            reason = ""
            try:
                await session.browse(address.node)
            except ValueError as error:
                reason = str(error)
            assert reason, "no ValueError with a reason"
            await read_exactly(session, rig.items)

    async def test_browsing_a_lost_device_is_not_connected(self) -> None:
        """Browsing raises `NotConnected` when the device is gone."""
        async with self._able(Browses, "link") as (rig, session):
            assert isinstance(session, Browses)
            rig.wire.cut()
            await check_lost(rig, session.browse, rig.timeout_s)


class DescribeChecks(Suite):
    """Rules of a session that is `Describes`."""

    async def test_descriptions_fit_the_tags(self) -> None:
        """Each existing tag is described, without contradiction to `tags.yaml`."""
        async with self._able(Describes) as (rig, session):
            assert isinstance(session, Describes)
            said = await session.describe([*rig.tags, rig.unknown])
            assert set(said) == {tag.name for tag in rig.tags}, "not the tags that are there"
            for tag in rig.tags:
                _check_description(tag, said[tag.name])

    async def test_describing_a_lost_device_is_not_connected(self) -> None:
        """Describing raises `NotConnected` when the device is gone."""
        async with self._able(Describes, "link") as (rig, session):
            assert isinstance(session, Describes)
            rig.wire.cut()
            await check_lost(rig, lambda: session.describe(rig.tags), rig.timeout_s)


class EncoderChecks(Suite):
    """Rules of a connection that encodes writes."""

    async def test_encoded_is_what_a_reader_finds(self) -> None:
        """`Encoded.value` is the value read after its bytes have reached the device."""
        async with self._opened("encode") as (rig, session):
            assert rig.apply is not None
            encoder = await session.encoder([write.tag for write in rig.encode])
            for write in rig.encode:
                encoded = encoder.encode(write.tag, write.value)
                what = f"{write.tag.name} := {write.value!r}"
                assert type(encoded.value) is type(write.found), f"{what}: {encoded.value!r}"
                assert encoded.value == write.found, f"{what}: {encoded.value!r}"
                await rig.apply(encoded.wire)
                await read_exactly(session, [Item(write.tag, write.found)])

    async def test_encoder_refuses_what_does_not_fit(self) -> None:
        """A value that does not fit, or a tag of another encoder, raises `ValueError`."""
        async with self._opened("encode") as (rig, session):
            tags = [write.tag for write in rig.encode]
            encoder = await session.encoder(tags)
            for tag in tags:
                for value in _wrong(tag):
                    _check_refused(encoder, tag, value)
            for tag, value in rig.refused:
                _check_refused(encoder, tag, value)
            for item in rig.good:
                if not item.tag.writable and not isinstance(item.value, tuple):
                    assert item.value is not None
                    _check_refused(encoder, item.tag, item.value)

    async def test_encoder_knows_whom_it_writes_to(self) -> None:
        """The identity names protocol and endpoint of the device to be written to."""
        async with self._opened("encode") as (rig, session):
            identity = (await session.encoder([write.tag for write in rig.encode])).identity
            assert identity.kind, "no kind"
            assert identity.where, "no endpoint"
            assert all(isinstance(x, bool) for x in (identity.is_loopback, identity.is_simulator))

    async def test_encoder_of_a_lost_device_is_not_connected(self) -> None:
        """Asking for an encoder raises `NotConnected` when the device is gone."""
        async with self._opened("encode", "link") as (rig, session):
            tags = [write.tag for write in rig.encode]
            rig.wire.cut()
            await check_lost(rig, lambda: session.encoder(tags), rig.timeout_s)


async def _walk(session: Browses, wanted: set[str]) -> dict[str, BrowseEntry]:
    found: dict[str, BrowseEntry] = {}
    open_ = [""]
    while open_ and not wanted <= found.keys() and len(found) < _MOST_NODES:
        entries = await session.browse(open_.pop(0))
        for entry in entries:
            assert isinstance(entry, BrowseEntry), f"a bare {entry!r}"
            # A node that no tag can name comes with an empty name and is not browsed.
            if entry.node and entry.node not in found:
                found[entry.node] = entry
                open_.append(entry.node)
    return found


def _check_description(tag: Tag, said: object) -> None:
    assert isinstance(said, Description), f"{tag.name}: a bare {said!r}"
    assert said.is_array == tag.is_array, f"{tag.name}: array or not"
    assert not said.unit or not tag.unit or said.unit == tag.unit, f"{tag.name}: {said.unit}"
    assert not said.members or dict(said.members) == dict(tag.members), f"{tag.name}: members"
    assert said.span is None or tag.span is None or said.span == tag.span, f"{tag.name}: span"


def _wrong(tag: Tag) -> Sequence[Value]:
    if tag.kind == "bool":
        return (1, "true", 0.0)
    if tag.kind == "string":
        return (1, 1.5, True)
    return (nan, inf, -inf, True, "1", 10**400)


def _check_refused(encoder: Encoder, tag: Tag, value: Value) -> None:
    reason = ""
    try:
        encoder.encode(tag, value)
    except ValueError as error:
        reason = str(error)
    assert reason, f"{tag.name} takes {str(value)[:20]}, and is not refused with a reason"
