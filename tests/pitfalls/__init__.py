"""The known pitfalls of asyncua and pymodbus, met by our client and by a naive one."""
