"""Delivery of notices to people, outside of the site's own screens."""
