"""Reads OPC UA servers."""
