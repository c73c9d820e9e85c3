"""Next commands for a site that has no tags yet."""

from collections.abc import Iterator

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.endpoints import InstalledConnection, ModbusConnection
from handwheel.connectors.model.site import Site


def check_has_tags(site: Site) -> None:
    """Checks that a site has tags.

    Raises:
        ConfigError: It has none yet; with the commands that lead to the first ones.
    """
    if not site.tags:
        raise ConfigError([Problem("", 0, 0, "", each) for each in first_tags_lines(site)])


def first_tags_lines(site: Site) -> Iterator[str]:
    """Yields one line for each connection of a site without tags, with the next command."""
    if not site.connections:
        yield f"no tags yet, and no connection; write one in {site.root / 'site.yaml'}"
    for name, config in site.connections.items():
        if isinstance(config, InstalledConnection):
            yield f"no tags yet on {name}; write them in {site.root / site.tags_file}, with item:"
            continue
        following = next_step("tags", "import", name)
        if isinstance(config, ModbusConnection):
            following = next_step("tags", "peek", name, "holding", "0..40")
        yield f"no tags yet on {name}; {following}"
