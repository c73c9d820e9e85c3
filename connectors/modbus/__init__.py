"""Reads Modbus TCP devices."""
