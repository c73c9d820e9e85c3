"""Closed cases of a site, each with what its work order has found."""
