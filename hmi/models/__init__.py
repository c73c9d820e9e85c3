"""The commands `handwheel models`."""
