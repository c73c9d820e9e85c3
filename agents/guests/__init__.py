"""Programs of others that ask the site's agents over a Unix socket, and decide nothing."""
