"""The gate: the only process that writes to a plant."""
