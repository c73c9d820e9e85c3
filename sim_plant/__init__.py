"""Simulated plants behind real OPC UA and Modbus servers.

This package imports no other package of Handwheel. Those reach a plant over the wire
only; the shared data is a model's tag list.
"""
