"""Methods of sensors."""
