"""Procedure: the playbook language, its runner and its library."""
