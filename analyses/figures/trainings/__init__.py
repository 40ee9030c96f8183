"""Figures of training runs: the history of each, and methods over several trainings."""
