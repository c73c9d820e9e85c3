"""Methods of pumps."""
