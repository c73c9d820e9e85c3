"""Methods of loops."""
