"""Model of a site, and OPC UA and Modbus sessions that read. Only `actuation` writes."""
