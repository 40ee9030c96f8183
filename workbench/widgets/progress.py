"""A bar over work that takes a while, with a button that ends it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from analyses.drawing.escaping import for_markdown


@contextmanager
def working(what: str, stop: Callable[[], None]) -> Iterator[Callable[[str, float], None]]:
    """Around the work: a bar, and a button that calls `stop`; both are gone once the work is done.

    Gives what to call with the present part of the work and the share of all that is done, 0 to 1.
    """
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, for_markdown(what))
        st.button("Stop", on_click=stop, icon=":material/stop:")
    try:
        yield lambda part, share: bar.progress(share, for_markdown(part))
    finally:
        place.empty()
