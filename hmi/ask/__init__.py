"""Questions of people about a site, at the command line."""
