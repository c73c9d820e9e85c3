"""Commands that show playbooks and control their runs."""
