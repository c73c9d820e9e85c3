"""Costs of reading devices and of scanning a site."""
