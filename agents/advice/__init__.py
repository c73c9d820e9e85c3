"""Advice on set points, searched with a twin and measured afterwards."""
