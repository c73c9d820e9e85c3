"""TCP proxy on loopback with faults, between a client and a plant's port."""
