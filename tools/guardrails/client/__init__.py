"""Client of a gate, for every other process of a site."""
