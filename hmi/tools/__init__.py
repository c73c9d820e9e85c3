"""Commands that list and call tools, and that serve them to MCP peers."""
