"""Methods of levels."""
