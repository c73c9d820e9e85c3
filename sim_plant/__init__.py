"""Simulated plants behind real OPC UA and Modbus servers.

This room imports nothing of the others: what the two sides share is data, a
model's tag list, and it is reached over the wire.
"""
