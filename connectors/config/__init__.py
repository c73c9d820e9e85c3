"""Reading and checking a site's YAML files, secrets and durations."""
