"""Methods of exchangers."""
