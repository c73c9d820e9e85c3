"""Opening of the site that a command works on.

Separate from the options, since the import of YAML is slow.
"""

from pathlib import Path

from handwheel.connectors.hints import name_site
from handwheel.connectors.model.site import Site, find_site, load_site


def open_site(given: Path | None) -> Site:
    """Finds and reads the site.

    Raises:
        ConfigError: There is none, or it has problems; all of them.
    """
    return load_site(find_site(given))


def open_served_site(given: Path | None) -> Site:
    """Opens the site as `open_site`, for a process whose messages are read in other shells."""
    opened = open_site(given)
    name_site(opened.root.absolute())
    return opened
