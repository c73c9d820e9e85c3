"""Alarms as OPC UA conditions, their events and methods."""
