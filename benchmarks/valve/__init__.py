"""Attacks, the same ones, against ways in which a person approves a write."""
