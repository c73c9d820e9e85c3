"""The Tennessee Eastman process: the benchmark of plant-wide control."""
