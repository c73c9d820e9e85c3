"""The commands `handwheel bench`."""
