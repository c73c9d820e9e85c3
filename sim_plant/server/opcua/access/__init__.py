"""Accounts, certificates and permissions of the OPC UA server."""
