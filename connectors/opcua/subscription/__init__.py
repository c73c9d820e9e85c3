"""OPC UA subscriptions, their monitored items and stall detection."""
