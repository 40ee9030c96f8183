"""Edits of what a model computes: a record that names one, and models with edits in place."""
