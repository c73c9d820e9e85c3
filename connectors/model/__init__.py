"""Data model of a site, its connections, tags, values and quality."""
