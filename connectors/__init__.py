"""Touches the plant: the site's model, and OPC UA and Modbus sessions that can only read."""
