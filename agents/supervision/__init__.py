"""Supervision of the cases of a site, and of the requests that people face."""
