"""Work orders about confirmed faults, after they were raised."""
