"""The site that a command works on; apart from the options, for reading YAML is slow to import."""

from pathlib import Path

from handwheel.connectors.model.site import Site, find_site, load_site


def open_site(given: Path | None) -> Site:
    """Finds and reads the site.

    Raises:
        ConfigError: There is none, or it has problems; all of them.
    """
    return load_site(find_site(given))
