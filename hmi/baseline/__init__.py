"""Commands of the baseline, the healthy residuals of a plant."""
