"""Preview of a playbook's run on one reading of the plant."""
