"""Requests, decisions, actions and the journal of a site, in one database."""
