"""The Tennessee Eastman process without its controllers."""
