"""The way from a proposal to an approved request."""
