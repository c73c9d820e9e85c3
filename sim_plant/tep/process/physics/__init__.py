"""Thermodynamics, reactions, vessels and flows."""
