"""Tags from a device, a NodeSet or a CSV file, beside those that a site has."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import cast

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import Document, read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site, load_site_file
from handwheel.connectors.model.site_file import check_tags, same_node
from handwheel.connectors.model.tag_file import TagFile
from handwheel.connectors.model.tags import NodeAddress
from handwheel.connectors.session.protocols import BrowseEntry, Description

from ..files.yaml_flow import flow
from .browse import tag_fields
from .device_types import TagNames

_WRITING = ("writable", "readback", "within")  # keys that count only with --writable


@dataclass(frozen=True, slots=True)
class ImportedTag:
    """One tag as its source describes it."""

    name: str
    fields: Mapping[str, object]  # its entry of `tags.yaml`
    line: int = 0  # in the source's file, from 1; 0 for a device
    columns: Mapping[str, int] = field(default_factory=dict[str, int])  # of its keys, from 1


@dataclass(frozen=True, slots=True)
class TagSource:
    """All tags of one source.

    Attributes:
        where: File or connection, for display.
        untyped: Number of variables by the device type for which there is no type of tags.
        is_strict: Whether a tag that does not fit the site is an error; otherwise it is left out.
        problems: Parts of the file that are no tags.
    """

    where: str
    tags: Sequence[ImportedTag]
    untyped: Mapping[str, int] = field(default_factory=dict[str, int])
    is_strict: bool = True
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class TagMerge:
    """Result of comparing a source with a site's tags."""

    added: Mapping[str, Mapping[str, object]]  # new entries of `tags.yaml` by name
    same_count: int  # tags that the site has with the same keys
    differences: Sequence[str]  # of the others, which stay as they are
    left_out: Sequence[str]  # tags that do not fit, with the reasons
    read_only_count: int  # new tags that are writable in the source but not here


def source_of(
    where: str,
    connection: str,
    found: Iterable[tuple[tuple[str, ...], BrowseEntry, int]],
    site: Site,
) -> TagSource:
    """Returns tags for variables, each with the names above it and its line.

    A node that the site has keeps the name of its tag. The others get names of their own.
    """
    known = {
        same_node(tag.address.node): tag.name
        for tag in site.tags.values()
        if tag.connection == connection
        and isinstance(tag.address, NodeAddress)
        and not tag.address.index
    }
    entries: list[tuple[tuple[str, ...], BrowseEntry, int, dict[str, object]]] = []
    untyped: Counter[str] = Counter()
    for path, entry, line in found:
        described = entry.description or Description()
        fields = tag_fields(connection, entry)
        if fields is None:
            untyped[described.type or "unknown"] += 1
            continue
        if described.is_writable and not described.is_array:
            fields |= {"writable": True, "readback": "self"}
        entries.append(((*path, entry.name), entry, line, fields))
    unknown = [path for path, entry, _, _ in entries if same_node(entry.node) not in known]
    proposed = iter(TagNames(site.tags).propose_all(unknown))
    tags = [
        ImportedTag(known.get(same_node(entry.node)) or next(proposed), fields, line)
        for _, entry, line, fields in entries
    ]
    return TagSource(where, tags, untyped, is_strict=False)


def merge(site: Site, source: TagSource, *, is_writable: bool) -> TagMerge:
    """Compares a source with a site's tags, none of which is changed.

    Args:
        is_writable: Whether new tags become writable where the source says so.

    Raises:
        ConfigError: Every tag of a strict source that is wrong, or does not fit the site.
    """
    path = site.root / site.tags_file
    document = read_document(path) if site.tags else Document(str(path), {"tags": {}})
    present: Mapping[str, Mapping[str, object]] = document.data["tags"]
    added: dict[str, ImportedTag] = {}
    same_count, read_only_count, differences = 0, 0, list[str]()
    for tag in source.tags:
        fields = {k: v for k, v in tag.fields.items() if is_writable or k not in _WRITING}
        if tag.name in present:
            line, _ = document.places["tags", tag.name]
            told = list(_differences(present[tag.name], fields, line, source.where))
            differences += [f"{tag.name}: {each}" for each in told]
            same_count += not told
        else:
            added[tag.name] = ImportedTag(tag.name, fields, tag.line, tag.columns)
            read_only_count += not is_writable and tag.fields.get("writable") is True
    left_out = list(_leave_out(site, source, added))
    entries = {name: tag.fields for name, tag in added.items()}
    return TagMerge(entries, same_count, differences, left_out, read_only_count)


def _leave_out(site: Site, source: TagSource, added: dict[str, ImportedTag]) -> Iterator[str]:
    """Removes the tags that do not fit, and yields why.

    Raises:
        ConfigError: As for `merge`.
    """
    problems = list(source.problems)
    for check in (_form_problems, _site_problems):  # tags of a wrong form cannot be compared
        found = check(site, _document(source, added))
        problems += found
        for each in found:
            name = next((name for name in added if f"{each.key}.".startswith(f"tags.{name}.")), "")
            if added.pop(name, None) and not source.is_strict:
                yield f"{name}: {each.reason}"
    if problems and source.is_strict:
        raise ConfigError(problems)


def _document(source: TagSource, tags: Mapping[str, ImportedTag]) -> Document:
    """Returns the tags as a tag file, with their places in the source."""
    document = Document(source.where, {"schema": "tags/1", "tags": {}})
    document.places["tags",] = 1, 1
    for tag in tags.values():
        document.data["tags"][tag.name] = dict(tag.fields)
        document.places["tags", tag.name] = tag.line, 1
        for key, column in tag.columns.items():
            document.places["tags", tag.name, key] = tag.line, column
    return document


def _form_problems(site: Site, document: Document) -> list[Problem]:
    del site
    try:
        load_model(TagFile, document)
    except ConfigError as error:
        return list(error.problems)
    return []


def _site_problems(site: Site, document: Document) -> list[Problem]:
    config = load_site_file(read_document(site.root / SITE_FILE))
    entries = load_model(TagFile, document).tags
    built = {name: entry.build(name) for name, entry in entries.items()}
    path = site.root / site.tags_file
    present = read_document(path) if site.tags else None
    taken = [name for name in built if name in site.tags and site.tags[name].computation]
    clashes = [document.problem(("tags", name), f"{name} is computed already") for name in taken]
    return [*clashes, *check_tags(dict(site.tags) | built, config, document, present)]


def _differences(
    mine: Mapping[str, object], theirs: Mapping[str, object], line: int, where: str
) -> Iterator[str]:
    for key, value in theirs.items():
        if key not in _WRITING[1:] and not _is_same(key, mine.get(key), value):
            here = flow(mine[key]) if key in mine else "nothing"
            yield f"{key}: {here} in tags.yaml:{line}, {flow(value)} in {where}"


def _is_same(key: str, mine: object, theirs: object) -> bool:
    if key == "node" and isinstance(mine, str) and isinstance(theirs, str):
        return same_node(mine) == same_node(theirs)
    if key == "unit" and isinstance(mine, str) and isinstance(theirs, str):
        return unicodedata.normalize("NFKC", mine) == unicodedata.normalize("NFKC", theirs)
    if key == "range" and isinstance(mine, list):
        ends = zip(cast(list[float], mine), cast(list[float], theirs), strict=False)
        return all(isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) for one, other in ends)
    return mine == theirs
