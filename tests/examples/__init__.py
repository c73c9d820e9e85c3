"""The example package, really installed and used by a site."""
