"""Binding a playbook's roles and steps to the tags of a site."""
