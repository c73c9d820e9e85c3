"""Command line and operator terminal, the composition root of all packages."""
