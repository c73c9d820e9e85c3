"""Conformance kits of twins and planners, on our own and on defective ones."""
