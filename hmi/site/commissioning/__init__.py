"""Commands that check a site, its devices and its policy."""
