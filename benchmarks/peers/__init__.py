"""Servers and clients on other libraries, to compare with and to read from."""
