"""Verification of signed decisions, quorum and entitlement."""
