"""The commands `handwheel diagnose`."""
