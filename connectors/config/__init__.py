"""Readers and checks of a site's YAML files, secrets and durations."""
