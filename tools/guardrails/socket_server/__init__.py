"""Server of HTTP and JSON on a Unix socket, for processes of the same machine."""
