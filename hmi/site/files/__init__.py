"""Templates and formatting of a site's files."""
