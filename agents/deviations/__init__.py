"""Cases of deviations, what fired, since when, and which have one cause."""
