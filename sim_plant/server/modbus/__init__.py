"""Modbus TCP side of the plant, with two listeners over one register image."""
