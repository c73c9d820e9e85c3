"""A package of tests that is really registered, with plug-ins that work and that fail."""
