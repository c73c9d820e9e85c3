"""The ledger: requests, decisions, actions and the journal, in one database."""
