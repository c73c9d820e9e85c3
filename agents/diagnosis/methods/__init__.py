"""Shipped methods, each a pure function over windows that measures one residual."""
