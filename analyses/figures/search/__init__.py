"""Figures of the search itself: how wide it is, whether it commits, and whether it turns back."""
