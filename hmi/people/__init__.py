"""Commands for operators, keys, authority and lockout."""
