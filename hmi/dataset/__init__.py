"""The commands `handwheel dataset`."""
