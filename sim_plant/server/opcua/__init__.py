"""The plant's OPC UA side, on asyncua's server with our own rules for who may do what."""
