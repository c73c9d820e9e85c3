"""The exothermic stirred tank `cstr`, for runaways."""
