"""Tennessee Eastman process, a benchmark of plant-wide control."""
