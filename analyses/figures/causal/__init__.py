"""Causal instruments: a part of what the model computes is changed, and the oracle says what should follow."""
