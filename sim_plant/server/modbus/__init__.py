"""The plant's Modbus TCP side: two listeners over one register image."""
