"""Encoding, decoding and service calls of OPC UA."""
