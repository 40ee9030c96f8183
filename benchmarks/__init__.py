"""Ratios against the obvious way to do the same work, measured in one process; `python -m benchmarks`."""
