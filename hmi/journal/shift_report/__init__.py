"""Report of a shift, written from the journal and the work orders."""
