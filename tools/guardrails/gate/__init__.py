"""The only process that writes to a plant."""
