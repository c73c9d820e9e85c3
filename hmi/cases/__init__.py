"""Commands and texts of cases, the deviations that stand."""
