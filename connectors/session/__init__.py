"""Supervised sessions that connect, scan, retry and report their health."""
