"""Commands that verify, follow and export the journal."""
