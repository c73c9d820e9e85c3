"""OPC UA and Modbus servers of a simulated plant."""
