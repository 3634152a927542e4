"""Fitting a store's calibration: from labelled answers to curves, and from curves to the thresholds of the cascade."""
