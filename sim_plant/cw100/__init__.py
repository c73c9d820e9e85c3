"""The cooling-water skid `cw-100`."""
