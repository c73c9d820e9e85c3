"""The ledger's SQLite file, schema, journal chain and backup."""
