"""Reading, browsing and commissioning a site from a command or program."""
