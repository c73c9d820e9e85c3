"""Models of a site, checked, listed and tested from the command line."""
