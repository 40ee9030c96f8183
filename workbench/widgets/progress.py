"""A bar over work that takes a while, with the time that is left and a button that ends it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from analyses.drawing.escaping import for_markdown

SOONEST = 2.0
"""Seconds after which the time that is left can be told."""


@contextmanager
def working(what: str, stop: Callable[[], None]) -> Iterator[Callable[[str, float], None]]:
    """Around the work: a bar, and a button that calls `stop`; both are gone once the work is done.

    Gives what to call with the present part of the work and the share of all that is done, 0 to 1.
    """
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, for_markdown(what))
        st.button("Stop", on_click=stop, icon=":material/stop:")
    begun = time.monotonic()

    def show(part: str, share: float) -> None:
        spent = time.monotonic() - begun
        left = f" · {time_left(spent, share)}" if spent > SOONEST and share > 0 else ""
        bar.progress(share, for_markdown(f"{part}{left}"))

    try:
        yield show
    finally:
        place.empty()


def time_left(spent: float, share: float) -> str:
    """About how long the rest takes, in words, where `share` of all took `spent` seconds."""
    seconds = spent * (1 - share) / share
    return f"about {max(1, round(seconds))} s left" if seconds < 90 else f"about {round(seconds / 60)} min left"
