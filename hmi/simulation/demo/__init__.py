"""The demo, with its processes, stories and screen."""
