"""Conditions that block a write whatever the policy says."""
