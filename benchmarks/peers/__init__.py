"""Servers and clients on libraries of others, to be measured against and to be read from."""
