"""OPC UA certificates, trust and secure channels."""
