"""The playbook language, from YAML text to a checked document."""
