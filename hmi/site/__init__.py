"""Commands for a site's files, tags and commissioning."""
