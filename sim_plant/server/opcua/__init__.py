"""OPC UA side of the plant, on asyncua's server with our own permissions."""
